"""Words that end and begin again what a contact wants to hear: Twilio's standard ones.

For SMS Twilio acts on them itself, and with its Advanced Opt-Out on others too, which it then marks
with `OptOutType`. For WhatsApp nobody does but this engine.
"""

from collections.abc import Mapping
from enum import StrEnum

STOP_WORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
)
START_WORDS = frozenset({"START", "UNSTOP", "YES"})


class Word(StrEnum):
    """What a message is, beside what it says."""

    NONE = ""
    STOP = "stop"
    START = "start"
    HELP = "help"  # answered by Twilio's Advanced Opt-Out


def word_of(parameters: Mapping[str, str]) -> Word:
    """Return the word that a message is; only a message of nothing else is one."""
    told = parameters.get("OptOutType", "").strip().lower()
    if told in (Word.STOP, Word.START, Word.HELP):
        return Word(told)
    said = parameters.get("Body", "").strip(" \t\r\n.!\"'").upper()
    if said in STOP_WORDS:
        return Word.STOP
    return Word.START if said in START_WORDS else Word.NONE

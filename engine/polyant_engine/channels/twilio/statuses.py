"""What Twilio tells of a message after it was taken: an order, and reasons in words.

queued -> sent -> delivered -> read, or an end: undelivered, failed. Callbacks overtake each other, so
only what lies further counts, and nothing follows an end.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# The rank is what the database compares; an end is the last.
RANKS = {
    "queued": 1,
    "sent": 2,
    "delivered": 3,
    "read": 4,
    "undelivered": 5,
    "failed": 5,
}
_SAME = {"accepted": "queued", "scheduled": "queued", "sending": "queued", "canceled": "failed"}
ENDS = frozenset({"undelivered", "failed"})
MOST_DIGITS = 6

_REASONS = {
    20003: "Twilio does not accept the credentials",
    21211: "the number to send to is not valid",
    21408: "the account may not send to this country: allow it in the Console's Geo permissions",
    21606: "the number to send from is none of the account's",
    21610: "the contact opted out at Twilio (STOP) and has to send START",
    21612: "this number cannot be reached from ours",
    21614: "the number to send to cannot receive SMS",
    21617: "the message is too long",
    21655: "contentSid is no template of the account",
    21656: "contentVariables do not fit the template",
    30003: "the phone cannot be reached",
    30004: "the contact or the carrier blocked the message",
    30005: "the number is not in use",
    30006: "the number is a landline, or its carrier cannot be reached",
    30007: "the carrier filtered the message as spam",
    30008: "the carrier gave no reason",
    30019: "the carrier found the message too long",
    30034: "the number is not registered for A2P 10DLC",
    63003: "the number has no WhatsApp",
    63007: "whatsappNumber is no WhatsApp sender of the account",
    63015: "the contact did not join the sandbox",
    63016: (
        "the contact wrote more than 24 hours ago: only an approved template can be sent then; "
        "configure contentSid"
    ),
    63018: "the WhatsApp sender sends too fast",
    63021: "WhatsApp refused the content; a template with its text may have 1,024 characters",
    63024: "the number has no WhatsApp",
    63032: "WhatsApp does not let this contact be written to",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """How far a message came."""

    sid: str
    word: str
    error: int = 0

    @property
    def rank(self) -> int:
        """Return how far that is."""
        return RANKS[self.word]

    @property
    def is_end(self) -> bool:
        """Tell whether the message did not reach anybody."""
        return self.word in ENDS

    @property
    def reason(self) -> str:
        """Return why it did not."""
        return reason_of(self.error) if self.is_end else ""


def status(parameters: Mapping[str, str]) -> Status | None:
    """Return what a callback tells; nothing: it tells nothing that is known."""
    said = parameters.get("MessageStatus", "")
    word, sid = _SAME.get(said, said), parameters.get("MessageSid", "")
    if word not in RANKS or not sid or len(sid) > 100:  # noqa: PLR2004  an id has 34
        return None
    code = parameters.get("ErrorCode", "")
    is_number = code.isdecimal() and len(code) <= MOST_DIGITS
    return Status(sid=sid, word=word, error=int(code) if is_number else 0)


def reason_of(code: int, said: str = "") -> str:
    """Return an error of Twilio in words; `said` is what Twilio wrote itself."""
    known = _REASONS.get(code) or said.strip()[:300] or "no reason was given"
    return f"{known[0].upper()}{known[1:]} (Twilio {code})." if code else f"{known}."

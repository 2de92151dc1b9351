"""What an administrator configures: the token, who may write, what is answered in groups."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from polyant_engine.channels.model import Json
from polyant_engine.core.errors import BadRequest

_TOKEN = re.compile(r"(\d{1,20}):[A-Za-z0-9_-]{30,100}")
_SOURCE = "copy it from @BotFather, which shows it as 123456789:AA..."


class Groups(StrEnum):
    """Which messages of groups are answered."""

    MENTION = "mention"  # that name the bot, reply to it, or are a command for it
    ALL = "all"  # that the bot is sent; with privacy mode these are nearly the same
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The settings of one bot."""

    allowed: frozenset[int] | None = None  # ids of people; None = everybody
    groups: Groups = Groups.MENTION

    def admits(self, sender: int) -> bool:
        """Tell whether somebody may write."""
        return self.allowed is None or sender in self.allowed


def bot_id(secrets: Mapping[str, str]) -> str:
    """Return the id of the bot, which is the first part of its token."""
    token = secrets.get("botToken", "").strip()
    if not token:
        raise BadRequest(f"botToken is missing: {_SOURCE}.", param="botToken")
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise BadRequest(f"botToken is no token of a Telegram bot: {_SOURCE}.", param="botToken")
    return found[1]


def configuration(settings: Json) -> Configuration:
    """Read the settings; raise `BadRequest` for the first that is wrong."""
    return Configuration(
        allowed=_allowed(settings.get("allowedUserIds")),
        groups=_groups(settings.get("groups", Groups.MENTION)),
    )


def _allowed(value: Any) -> frozenset[int] | None:
    entries = value.split(",") if isinstance(value, str) else value or ()
    if not isinstance(entries, list | tuple):
        entries = (entries,)
    ids = [str(entry).strip() for entry in entries if str(entry).strip()]
    wrong = next((each for each in ids if not re.fullmatch(r"\d{1,18}", each)), None)
    if wrong is not None:
        raise BadRequest(
            f"allowedUserIds holds {wrong[:40]!r}, which is no id of a person: "
            "give numbers with commas between them, or nothing to admit everybody.",
            param="allowedUserIds",
        )
    return frozenset(map(int, ids)) or None


def _groups(value: Any) -> Groups:
    try:
        return Groups(value)
    except ValueError:
        known = ", ".join(Groups)
        raise BadRequest(
            f"groups is {str(value)[:40]!r}; it can be one of {known}.", param="groups"
        ) from None

"""What an administrator configures: tokens, how events come, who may write, what is answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from polyant_engine.channels.model import Json
from polyant_engine.core.errors import BadRequest

_BOT_TOKEN = re.compile(r"xoxb-[A-Za-z0-9-]{10,250}")
_APP_TOKEN = re.compile(r"xapp-\d+-(A[A-Z0-9]{4,20})-\d+-[A-Za-z0-9]{10,250}")
_APP_ID = re.compile(r"A[A-Z0-9]{4,20}")
_USER_ID = re.compile(r"[UW][A-Z0-9]{2,20}")
_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")

SETTINGS = ("mode", "groups", "allowedUserIds", "appId")
SECRETS = ("botToken", "appToken", "signingSecret")

_PAGE = "at api.slack.com/apps"
_BOT_SOURCE = (
    f"copy the Bot User OAuth Token from OAuth & Permissions {_PAGE}, it begins with xoxb-"
)
_APP_SOURCE = (
    f"make an app-level token with the scope connections:write under Basic Information {_PAGE}, "
    "it begins with xapp-"
)
_SIGNING_SOURCE = f"copy the Signing Secret from Basic Information {_PAGE}, 32 characters 0-9 a-f"


class Mode(StrEnum):
    """How events come."""

    SOCKET = "socket"  # over WebSockets that the leader opens: no public address is needed
    EVENTS = "events"  # by HTTP to any replica


class Groups(StrEnum):
    """Which messages of channels and group conversations are answered."""

    MENTION = "mention"  # that name the app, or reply to a message of its own
    ALL = "all"  # that Slack tells the app of
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The settings of one app."""

    mode: Mode = Mode.SOCKET
    allowed: frozenset[str] | None = None  # ids of people; None = everybody of the workspace
    groups: Groups = Groups.MENTION

    def admits(self, sender: str, *, is_external: bool) -> bool:
        """Tell whether somebody may write; people of other organizations only if they are named."""
        return not is_external if self.allowed is None else sender in self.allowed


def check_names(settings: Json) -> None:
    """Refuse a setting that does not exist: a slip would open what was meant to be closed."""
    wrong = next((name for name in settings if name not in SETTINGS), None)
    if wrong is not None:
        known = ", ".join((*SETTINGS, *SECRETS))
        raise _wrong(str(wrong)[:40], f"is nothing that Slack has; these are: {known}.")


def configuration(settings: Json) -> Configuration:
    """Read the settings; raise `BadRequest` for the first that is wrong."""
    return Configuration(
        mode=_mode(settings.get("mode") or Mode.SOCKET),
        allowed=_allowed(settings.get("allowedUserIds")),
        groups=_groups(settings.get("groups") or Groups.MENTION),
    )


def app_id(settings: Json, secrets: Mapping[str, str]) -> str:
    """Return the app's id, if settings and secrets can be right.

    It names the account: an event goes to one of all sockets of an app, whatever the workspace.
    """
    _bot_token(secrets)
    if configuration(settings).mode is Mode.SOCKET:
        return _app_of(_needed(secrets, "appToken", _APP_SOURCE))
    signing = _needed(secrets, "signingSecret", _SIGNING_SOURCE)
    if not _SIGNING_SECRET.fullmatch(signing):
        raise _wrong("signingSecret", f"is no signing secret of Slack: {_SIGNING_SOURCE}.")
    given = str(settings.get("appId") or "").strip()
    if not given and (token := secrets.get("appToken", "").strip()):
        return _app_of(token)
    if not _APP_ID.fullmatch(given):
        problem = "is missing" if not given else f"is {given[:40]!r}, which is no id of an app"
        raise _wrong("appId", f"{problem}: copy the App ID from Basic Information {_PAGE}.")
    return given


def _bot_token(secrets: Mapping[str, str]) -> None:
    token = _needed(secrets, "botToken", _BOT_SOURCE)
    if token.startswith("xoxe"):
        raise _wrong(
            "botToken",
            "expires after twelve hours: switch token rotation off, which needs a new app, "
            "and enter the token that does not expire.",
        )
    if not _BOT_TOKEN.fullmatch(token):
        raise _wrong("botToken", f"is no token of a bot: {_BOT_SOURCE}.")


def _app_of(token: str) -> str:
    found = _APP_TOKEN.fullmatch(token)
    if found is None:
        raise _wrong("appToken", f"is no app-level token: {_APP_SOURCE}.")
    return found[1]


def _needed(secrets: Mapping[str, str], name: str, source: str) -> str:
    value = secrets.get(name, "").strip()
    if not value:
        raise _wrong(name, f"is missing: {source}.")
    return value


def _wrong(name: str, problem: str) -> BadRequest:
    return BadRequest(f"{name} {problem}", param=name)


def _mode(value: Any) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise _choice("mode", value, Mode) from None


def _groups(value: Any) -> Groups:
    try:
        return Groups(value)
    except ValueError:
        raise _choice("groups", value, Groups) from None


def _choice(name: str, value: Any, choices: type[StrEnum]) -> BadRequest:
    return _wrong(name, f"is {str(value)[:40]!r}; it can be one of {', '.join(choices)}.")


def _allowed(value: Any) -> frozenset[str] | None:
    entries = value.split(",") if isinstance(value, str) else value or ()
    if not isinstance(entries, list | tuple):
        entries = (entries,)
    ids = [str(entry).strip() for entry in entries if str(entry).strip()]
    wrong = next((each for each in ids if not _USER_ID.fullmatch(each)), None)
    if wrong is not None:
        raise _wrong(
            "allowedUserIds",
            f"holds {wrong[:40]!r}, which is no id of a person: give member ids such as "
            "U012AB3CD with commas between them, or nothing to admit the whole workspace.",
        )
    return frozenset(ids) or None

"""What is read of Slack's events. What is not named here is not looked at.

The vendor adds fields and kinds at any time, so unknown ones are no error; a known field of a wrong
type is, and makes one event unreadable, never another.
"""

import json
from typing import Annotated, Any, TypeAlias

import orjson
from pydantic import BaseModel, ConfigDict, Field

# What a column of the database can hold.
Size: TypeAlias = Annotated[int, Field(ge=0, lt=2**63)]
# The time of a message, which is its name in its channel.
Stamp: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{1,12}\.[0-9]{1,9}$")]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9]+$")]


class Wire(BaseModel):
    """Part of the vendor's JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Authorization(Wire):
    """As whom the app hears an event."""

    user_id: str | None = None
    is_bot: bool = False


class File(Wire):
    """A file that somebody shared, or what is left of it."""

    id: str = Field(min_length=1, max_length=40)
    name: str | None = None
    title: str | None = None
    mimetype: str | None = None
    mode: str | None = None
    subtype: str | None = None  # slack_audio, slack_video: recorded in the app
    size: Size | None = None
    duration_ms: Size | None = None
    is_external: bool = False
    url_private: str | None = None
    url_private_download: str | None = None

    @property
    def url(self) -> str:
        """Return where its content is, if the vendor tells."""
        return self.url_private_download or self.url_private or ""


class Quote(Wire):
    """An "attachment": a message that was forwarded, or the preview of a link."""

    is_share: bool = False
    text: str | None = None


class Edit(Wire):
    """When a message was changed."""

    ts: Stamp


class Message(Wire):
    """A `message` or an `app_mention`."""

    channel: Name
    ts: Stamp
    channel_type: str | None = None
    subtype: str | None = None
    hidden: bool = False
    user: str | None = Field(None, max_length=100)
    bot_id: str | None = None
    text: str | None = None
    thread_ts: Stamp | None = None
    parent_user_id: str | None = None
    user_team: str | None = None
    source_team: str | None = None
    team: str | None = None
    edited: Edit | None = None
    files: tuple[File, ...] = ()
    attachments: tuple[Quote, ...] = ()

    @property
    def is_direct(self) -> bool:
        """Tell whether nobody else is in the conversation; mentions do not say their type."""
        return self.channel_type == "im" or self.channel.startswith("D")

    @property
    def writers_team(self) -> str | None:
        """Return the workspace of who wrote."""
        return self.user_team or self.source_team or self.team


class Payload(Wire):
    """What is around an event."""

    team_id: Name
    event_id: str = Field("", max_length=100, pattern=r"^[!-~]*$")
    api_app_id: str | None = None
    is_ext_shared_channel: bool = False
    authorizations: tuple[Authorization, ...] = ()

    @property
    def bot_user(self) -> str:
        """Return the user that the app is in this workspace."""
        return next(
            (each.user_id for each in self.authorizations if each.is_bot and each.user_id), ""
        )


def parsed(raw: bytes | str) -> Any:
    """Read the vendor's JSON, also with halves of surrogate pairs in it; nothing if it is none."""
    try:
        return orjson.loads(raw)
    except ValueError:
        return _lenient(raw)


def _lenient(raw: bytes | str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None

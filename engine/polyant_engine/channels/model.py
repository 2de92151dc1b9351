"""What a channel takes in and gives out, as values; what came of a sending; its live state."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]

MAX_KEY = 300  # characters of a name in the database


class Kind(StrEnum):
    """The channels that exist; a conversation's `channel` is one of these words."""

    TELEGRAM = "telegram"
    SLACK = "slack"
    WHATSAPP = "whatsapp"
    AGENT = "agent"


@dataclass(frozen=True, kw_only=True)
class Account:
    """One configured channel of an agent, with its secrets opened."""

    id: uuid.UUID
    agent_id: uuid.UUID
    kind: Kind
    name: str  # the vendor's own id of the bot: a Telegram bot id, a Slack team, a Twilio number
    version: int  # grows with every change; an adapter of an older one is stopped
    settings: Json = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where messages come from and go to. One conversation each, so keep it stable."""

    chat: str  # a chat, a Slack channel, a phone number
    thread: str = ""  # a forum topic, a Slack thread

    def __post_init__(self) -> None:
        """Refuse what no conversation can be named by."""
        if not self.chat:
            raise ValueError("an address needs a chat")
        if len(self.chat) + len(self.thread) >= MAX_KEY or "\x00" in self.chat + self.thread:
            raise ValueError("an address is longer than a name can be, or holds a NUL")


class Event(StrEnum):
    """What an inbound event is; only messages are answered, all are remembered."""

    MESSAGE = "message"
    IGNORED = "ignored"  # an edit, a deletion, a join, somebody who may not write, an unknown kind


class AttachmentKind(StrEnum):
    """What a file is to people."""

    PHOTO = "photo"
    DOCUMENT = "document"
    VOICE = "voice"
    AUDIO = "audio"
    VIDEO = "video"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file that stays with the vendor until a turn wants it."""

    kind: AttachmentKind
    reference: str  # a file id or a URL, whatever the adapter can fetch it by later
    media_type: str | None = None
    name: str | None = None
    size: int | None = None  # bytes, if the vendor tells
    seconds: int | None = None  # of sound and films


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbound:
    """One event of a vendor. Stored once for each (channel kind, account name, dedupe key)."""

    dedupe_key: str  # Telegram: update id; Slack: channel and ts; Twilio: MessageSid
    event: Event
    address: Address | None = None  # None only if ignored
    text: str = ""
    attachments: Sequence[Attachment] = ()
    sender_id: str = ""
    sender_name: str = ""
    message_id: str | None = None  # the vendor's, to reply to and to mark as read
    occurred_at: datetime | None = None  # the vendor's clock: shown, never ordered by
    reason: str = ""  # why it is ignored: `edited`, `not-allowed`, ...

    def __post_init__(self) -> None:
        """Refuse a message from nowhere."""
        if not self.dedupe_key or len(self.dedupe_key) > MAX_KEY or "\x00" in self.dedupe_key:
            raise ValueError("an inbound event needs a dedupe key of at most 300 characters")
        if self.event is Event.MESSAGE and self.address is None:
            raise ValueError("a message needs an address")


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """What became of a batch."""

    new: int
    known: int  # seen before: delivered twice


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What one message of a vendor says: rendered and short enough, nothing is changed later."""

    text: str
    formatting: Json = field(default_factory=dict)  # the adapter's own: Telegram's entities, ...
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One message to be sent now."""

    id: uuid.UUID
    key: str  # the same for every try and every leader: idempotency, where a vendor knows that
    channel_id: uuid.UUID
    address: Address
    content: Content
    reply_to: str | None  # the vendor's id of the message that is answered; first parts only
    attempt: int  # 1 for the first try


@dataclass(frozen=True, slots=True)
class Sent:
    """The vendor has it."""

    external_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryAfter:
    """The vendor took nothing, and wants to be left alone for a while (429)."""

    seconds: float
    reason: str
    whole_account: bool = False  # every chat of the account waits, not only this one


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The vendor took nothing, for certain: it said so, or nothing was written to it."""

    reason: str
    is_permanent: bool  # a dead letter; else it is tried again, later and later


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something was written and no answer was understood: it may have been delivered."""

    reason: str


Outcome: TypeAlias = Sent | RetryAfter | Refused | Unknown


class LiveState(StrEnum):
    """How an adapter is."""

    STARTING = "starting"
    RUNNING = "running"
    DEGRADED = "degraded"  # works on, but something is wrong: another poller, errors, limits
    FAILED = "failed"  # does nothing; the next try is said, unless a human has to act


@dataclass(frozen=True, kw_only=True, slots=True)
class Live:
    """The live state of an adapter, for people."""

    state: LiveState
    reason: str = ""  # what is wrong and what to do, in one sentence; no secrets
    next_try: datetime | None = None  # None and failed: only a new configuration helps

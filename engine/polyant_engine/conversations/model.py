"""Turns as values: how one is asked for, what an opened one knows, how it ends."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from polyant_engine.gateway import ports as gateway
from polyant_engine.vault.model import Sealed

HISTORY_MESSAGES = 16
HISTORY_CHARACTERS = 1_000_000  # more than models read, and what one turn may take of memory
CHARS_PER_TOKEN = 4
MAX_LOSSES = 3  # engines that one turn of a channel may outlive; then it is the turn that kills
APOLOGY = "Sorry, something went wrong and I could not answer. Please send your message again."


class State(StrEnum):
    """Where a turn is in its life; the CHECK of the table holds the same words."""

    COLLECTING = "collecting"  # a burst: more of it may come
    QUEUED = "queued"  # any replica may run it
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"  # its engine vanished, and its lease ran out


class Admission(StrEnum):
    """Why a caller was let in."""

    USER = "user"
    KEY = "key"
    CHANNEL = "channel"  # a vendor delivered it
    OPEN = "open"  # the agent is open to everybody, whatever key was shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks for a turn. A key is checked by the statement that opens the turn."""

    key_hash: bytes | None = None
    user_id: uuid.UUID | None = None  # a person whose session and permission are checked already

    @property
    def is_anonymous(self) -> bool:
        """Tell whether no credential was shown at all."""
        return self.key_hash is None and self.user_id is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a caller wants answered."""

    slug: str
    caller: Caller
    chat_id: str | None  # None: a conversation of its own
    text: str
    images: Sequence[gateway.Image] = ()  # beside the text
    earlier: Sequence[gateway.Message]  # the caller's own history, used when we have none
    instructions: Sequence[str]  # the caller's system messages, for this turn only
    sampling: gateway.Sampling
    stream: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSecret:
    """A secret as its row holds it."""

    row_id: uuid.UUID
    sealed: Sealed


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentView:
    """What a turn must know of its agent."""

    id: uuid.UUID
    slug: str
    provider: str | None
    model: str | None
    sections: Mapping[str, str]
    secret: StoredSecret | None  # the agent's own provider key


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedTurn:
    """A turn that is ours to run; the user's message is stored already."""

    id: uuid.UUID
    attempt: int
    conversation_id: uuid.UUID
    agent: AgentView
    admission: Admission
    history: Sequence[gateway.Message]  # without the message that is being answered


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedTurn:
    """A turn of a channel that we claimed."""

    opened: OpenedTurn
    channel: str
    chat: str  # where in the channel: some vendors have several kinds of places
    text: str
    attachments: Sequence[Mapping[str, Any]]  # as the channel stored them
    is_active: bool  # whether its agent may still answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What is known of a call of a tool that writes."""

    is_new: bool  # call it now; else it was called before
    state: str | None = None  # `started`: its outcome is unknown
    result: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a turn ends; all of it is committed in one statement."""

    state: State
    text: str = ""
    error: str | None = None
    provider: str | None = None
    model: str | None = None
    usage: gateway.Usage | None = None
    usage_estimated: bool = False
    cost_usd: Decimal | None = None

    @property
    def has_reply(self) -> bool:
        """Tell whether a reply is stored: a partial one only if there is text in it."""
        return self.state is State.DONE or bool(self.text)

    @property
    def is_partial(self) -> bool:
        """Tell whether the reply lacks its end."""
        return self.state is not State.DONE


def estimate_tokens(texts: Sequence[str]) -> int:
    """Estimate tokens where the provider told none: four characters each."""
    return -(-sum(map(len, texts)) // CHARS_PER_TOKEN)

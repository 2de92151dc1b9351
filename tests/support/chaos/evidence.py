"""What an oracle is given: the vendors' truth, the database's rows, and the ledger of its writes.

All times are CLOCK_MONOTONIC of the machine. A replica is known by its name, by the address it comes
from: relays give each its own, so neither the vendors nor the database have to believe what it says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

# (kind of channel, account, chat): one conversation at a vendor.
Place: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message that somebody wrote to a bot, as the vendor knows it."""

    place: Place
    key: str  # what the engine must know it by: the vendor's own id of the event
    token: str  # a word that occurs in no other message
    at: float
    acknowledged_at: float | None = None  # the vendor will not say it again


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """A message that exists at the vendor because a bot sent it."""

    place: Place
    text: str
    external_id: str
    at: float
    asked_at: float  # when the call arrived that made it
    replica: str


@dataclass(frozen=True, kw_only=True)
class Poll:
    """A call that fetches messages."""

    kind: str
    account: str
    replica: str
    begun: float
    ended: float | None


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A row of the inbox with the message it became."""

    kind: str
    account: str
    key: str
    is_accepted: bool
    reason: str
    content: str | None
    conversation: str | None
    seq: int | None
    turn: str | None


@dataclass(frozen=True, kw_only=True)
class Message:
    """What somebody said, as a conversation has it."""

    conversation: str
    seq: int
    turn: str
    content: str


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A turn of a channel, with what was answered."""

    id: str
    conversation: str
    state: str
    first_seq: int
    losses: int
    error: str
    replies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """A row of the outbox."""

    id: str
    seq: int
    place: Place
    turn: str
    text: str
    state: str
    external_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Write:
    """A change of a row that matters, noted by the database when its transaction was about to end.

    `fence_*` is the fence as it was committed at that moment, `replica` where the write came from.
    """

    number: int
    at: float
    replica: str
    application: str
    table: str
    subject: str
    before: str
    after: str
    epoch: int | None
    term: str
    fence_epoch: int
    fence_term: str
    fence_holder: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What was done to whom, and for how long."""

    name: str
    target: str
    begun: float
    ended: float


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that is known of one run."""

    said: Sequence[Said] = ()
    delivered: Sequence[Delivered] = ()
    polls: Sequence[Poll] = ()
    stored: Sequence[Stored] = ()
    messages: Sequence[Message] = ()
    turns: Sequence[Turn] = ()
    parts: Sequence[Part] = ()
    writes: Sequence[Write] = ()
    faults: Sequence[Fault] = ()
    is_sent_again: bool = field(default=False)  # the policy AtLeastOnce

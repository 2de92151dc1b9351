"""What the elector's rules hear and answer: events come from the shell, actions go back to it. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from polyant_engine.leadership.records import Reason, Record


class Call(StrEnum):
    """What the shell does for us; each ends in one event."""

    READ = "read"
    WATCH = "watch"
    PING = "ping"
    WRITE = "write"
    PROMOTE = "promote"
    BEAT = "beat"
    RELEASE = "release"


@dataclass(frozen=True)
class Tick:
    """The time of `wake_at` has come."""


@dataclass(frozen=True)
class Seen:
    """A record was read, or a watch brought it."""

    record: Record
    call: Call


@dataclass(frozen=True)
class Done:
    """A call succeeded; `since` is when it began, `record` what a write left."""

    call: Call
    since: float
    record: Record | None = None
    epoch: int = 0  # of a promotion


@dataclass(frozen=True)
class Failed:
    """A call failed or took too long: whether it had an effect is not known."""

    call: Call


@dataclass(frozen=True)
class Outrun:
    """A write met another version."""

    call: Call


@dataclass(frozen=True)
class Asked:
    """Somebody wants the leadership to end: the work, the fence, an operator, a signal."""

    reason: Reason
    epoch: int = 0  # 0: whichever there is; otherwise the request is void for another


@dataclass(frozen=True)
class Stopped:
    """The work has confirmed that it stopped."""


Event: TypeAlias = Tick | Seen | Done | Failed | Outrun | Asked | Stopped


@dataclass(frozen=True)
class Do:
    """Begin a call; `record` is what to write or release, `epoch` what to promote above."""

    call: Call
    record: Record | None = None
    epoch: int = 0


@dataclass(frozen=True)
class Arm:
    """End this process at that moment, unless told otherwise before."""

    at: float


@dataclass(frozen=True)
class Disarm:
    """Let this process live."""


@dataclass(frozen=True)
class Start:
    """Start the leader's work."""


@dataclass(frozen=True)
class Stop:
    """Stop the leader's work; `Stopped` confirms it."""

    reason: Reason


Action: TypeAlias = Do | Arm | Disarm | Start | Stop

"""What the election needs from outside, and how stores say no."""

from collections.abc import AsyncIterator
from typing import Protocol

from polyant_engine.leadership.fence import Term
from polyant_engine.leadership.records import Reason, Record


class VersionTaken(Exception):
    """Somebody wrote the record since it was read."""


class StoreFailed(Exception):
    """The store cannot be used now; the message says why."""


class Store(Protocol):
    """Where the lease is kept. No call has a time-out of its own: who calls gives one."""

    async def read(self) -> Record:
        """Return the lease as it is."""
        ...

    async def write(self, record: Record) -> Record:
        """Replace the version that the record names; `VersionTaken` if it is not the newest."""
        ...

    def changes(self, after: Record) -> AsyncIterator[Record]:
        """Yield what the lease becomes, until the store has had enough of it."""
        ...


class Work(Protocol):
    """What a leader does; called from the elector's thread, returns at once."""

    def start(self, term: Term) -> None:
        """Start working."""
        ...

    def stop(self, reason: Reason) -> None:
        """Stop working, and tell the elector when nothing runs any more."""
        ...


class Watchdog(Protocol):
    """Ends the process unless it is told otherwise in time."""

    def arm(self, seconds: float) -> None:
        """End the process after so many seconds; the last word counts."""
        ...

    def disarm(self) -> None:
        """Let the process live."""
        ...


class Duty(Protocol):
    """Work of a feature that only the leader does; called on the event loop of the process."""

    async def on_started_leading(self, term: Term) -> None:
        """Begin, and return soon: what goes on runs in tasks of its own."""
        ...

    async def on_stopped_leading(self) -> None:
        """Return when nothing of it runs any more; an error here ends the process."""
        ...

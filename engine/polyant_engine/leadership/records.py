"""The values of an election: what a store holds, the times, why a leadership ends. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

NOBODY = ""
RELEASED_SECONDS = 1


class Reason(StrEnum):
    """Why a leadership ends."""

    LEASE_NOT_RENEWED = "lease-not-renewed"
    LEASE_TAKEN = "lease-taken"
    DATABASE_SILENT = "database-silent"
    TERM_OVER = (
        "term-over"  # the fence refused a write: somebody was promoted, or data was restored
    )
    WORK_FAILED = "work-failed"
    HANDED_OVER = "handed-over"
    CLOSING = "closing"

    @property
    def keeps_out(self) -> bool:
        """Tell whether this replica would only fail again, or shall not win again at once."""
        return self in {Reason.DATABASE_SILENT, Reason.WORK_FAILED, Reason.HANDED_OVER}


@dataclass(frozen=True, kw_only=True)
class Times:
    """Seconds; `retry < renew < lease`."""

    lease: float  # without renewal, others take over after this
    renew: float  # without renewal, the leader stops after this
    retry: float  # between two renewals, and the time-out of every call

    @property
    def watchdog(self) -> float:
        """Seconds after a renewal at which a process that could not stop is ended: before the lease."""
        return self.renew + 0.75 * (self.lease - self.renew)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a store holds about the leader."""

    version: str  # changes with every write, and only a write that names it succeeds
    holder: str = NOBODY
    lease_seconds: int = RELEASED_SECONDS
    epoch: int = 0  # the highest that the holder told; survives the loss of the database's
    transitions: int = 0
    wish: str = ""  # the pod that somebody wants to lead
    granted: str = ""  # the wish that was carried out or tried last: each is tried once
    # Seconds since the last renewal by the store's own clock, where it has one to trust.
    age: float = field(default=0.0, compare=False)
    # The store's own form of it, to be sent back with whatever else is in there.
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def pending(self) -> str:
        """Return the pod that shall lead next, if that was not tried yet."""
        return self.wish if self.wish != self.granted else ""

    def taken_by(self, holder: str, times: Times) -> "Record":
        """Return what a candidate writes."""
        transitions = self.transitions + 1
        seconds = round(times.lease)
        return replace(
            self,
            holder=holder,
            lease_seconds=seconds,
            transitions=transitions,
            granted=self.wish,
        )

    def renewed_by(self, pod: str, epoch: int) -> "Record":
        """Return what a leader writes meanwhile; a wish for itself is carried out, none is forgotten."""
        granted = self.wish if self.wish in {"", pod} else self.granted
        return replace(self, epoch=max(self.epoch, epoch), granted=granted)

    def released(self) -> "Record":
        """Return what a leader writes at the end."""
        return replace(self, holder=NOBODY, lease_seconds=RELEASED_SECONDS)

"""Which rollouts that nobody asked for are still under way; they take a place each.

A rollout that never ends keeps its place on purpose: a release that breaks instances stops after as
many as there are places.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from polyant_operator.api import rollout
from polyant_operator.api.labels import ROLLOUT
from polyant_operator.verdicts import live, workloads
from polyant_operator.verdicts.observed import Live

# How many names a message may hold.
_NAMED: Final = 10


@dataclass(frozen=True, kw_only=True)
class Queued:
    """A rollout that waits for a place."""

    # From 1.
    position: int
    places: int
    # Who has the places, as `namespace/name`.
    taken_by: tuple[str, ...]

    @property
    def message(self) -> str:
        """What people read."""
        names = ", ".join(self.taken_by[:_NAMED])
        more = len(self.taken_by) - _NAMED
        return (
            f"The operator's own rollout of this instance waits as number {self.position}: at most"
            f" {self.places} instances roll at one time, now {names}{f' and {more} more' if more > 0 else ''}."
            " The running version serves on. If one of those never becomes ready, mend it or roll the"
            " operator back; a change of this instance's spec rolls it at once."
        )


def mark_of(obj: Live | None) -> str:
    """The mark of the rollout an object was last changed by."""
    return str(live.field(obj, "metadata", "annotations", ROLLOUT) or "")


def takes_place(
    engine: Live | None, web: Live | None, database: Live | None, jobs: Iterable[Live]
) -> bool:
    """Whether a rollout that the operator began is not finished."""
    applied = rollout.hash_of(mark_of(engine))
    begun = (mark_of(job) for job in jobs)
    return any(
        rollout.is_operators(mark) and rollout.hash_of(mark) != applied for mark in begun
    ) or any(
        rollout.is_operators(mark_of(obj)) and not is_done(obj)
        for obj, is_done in (
            (engine, workloads.is_rolled_out),
            (web, workloads.is_rolled_out),
            (database, _is_updated),
        )
        if obj is not None
    )


def _is_updated(stateful_set: Live) -> bool:
    status = stateful_set.get("status") or {}
    return (
        live.number(status, "observedGeneration")
        >= live.number(stateful_set, "metadata", "generation")
        and status.get("currentRevision") == status.get("updateRevision")
        and live.number(status, "readyReplicas") >= live.number(stateful_set, "spec", "replicas")
    )

"""Observed: one frozen snapshot of an instance's world, given to every check.

Live objects stay the dictionaries that the API server sent; the checks read the few fields they
need through `live`. What could not be read is None, which is not the same as "there is none".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

from polyant_operator.api.conditions import Reason

Live: TypeAlias = Mapping[str, Any]


class SecretFault(Enum):
    """What is wrong with a used Secret."""

    ABSENT = "the Secret does not exist"
    NO_KEY = "the Secret has no such key"
    WRONG_FORM = "the value has the wrong form"
    KEY_LOST = "the generated encryption key is gone"


@dataclass(frozen=True, kw_only=True)
class SecretProblem:
    """One used key of a Secret, or of a ConfigMap, that cannot be used."""

    kind: str = "Secret"
    secret: str
    key: str
    fault: SecretFault
    # The field of the spec that names it; empty for a Secret that the operator generated.
    field: str
    # For WRONG_FORM: the form it should have. Never the value.
    expected: str = ""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why the operator itself cannot go on; found by a step, shown by the summary."""

    reason: Reason
    message: str
    stalled: bool


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A Deployment or StatefulSet with its pods."""

    live: Live | None = None
    pods: tuple[Live, ...] = ()
    # Whether the live object is what this generation wants.
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try of the migration: a Job with its pods."""

    number: int
    job: Live
    pods: tuple[Live, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EdgeSeen:
    """The objects of the edge, and what they depend on."""

    ingress: Live | None = None
    # None where classes may not be read.
    classes: tuple[Live, ...] | None = None
    # One per host, as far as they exist.
    routes: tuple[Live, ...] = ()
    certificate: Live | None = None
    # Whether the live routes and certificate are what this generation wants.
    current: bool = True
    # Kinds that this cluster doesn't have.
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class LeaderSeen:
    """Who leads the engines, as their Lease was last seen."""

    # Empty: nobody does.
    pod: str = ""
    epoch: int = 0
    since: str = ""
    # Seconds for which nobody has led; 0 while somebody does.
    missing_for: float = 0.0
    # Who led last, as far as it is known.
    last: str = ""
    # Who holds the Lease without leading: it doesn't renew it, or is not promoted yet.
    silent: str = ""
    # Whether the Lease was seen to change: a single look may meet what a dead leader left.
    proven: bool = False

    @property
    def is_there(self) -> bool:
        """Whether somebody leads."""
        return bool(self.pod)


@dataclass(frozen=True, kw_only=True)
class Observed:
    """The world of one instance at one moment."""

    now: datetime
    secrets: tuple[SecretProblem, ...] = ()
    # False: a Secret the migration needs cannot be read, so it is unknown which migration is needed.
    hash_known: bool = True
    # What the used key could not be confirmed against yet; see the message of exit code 65.
    key_unconfirmed: bool = False
    # Seconds for which something has been amiss with the Secrets, by a steady clock.
    missing_for: float | None = None
    key_secret: str = ""
    database: Workload = Workload()
    # Tries of the migration this generation needs, oldest first.
    attempts: tuple[Attempt, ...] = ()
    # A Job of another release of the operator that is waited for, in words; empty: none.
    awaited_job: str = ""
    # The first administrator's generated Secret was deleted, and is not made anew.
    admin_forgotten: bool = False
    # It was generated beside a database that had users already.
    admin_doubtful: bool = False
    # The rollout waits for other instances' rollouts; what to say about it.
    queued: str = ""
    # Secrets of which the old and the new value are accepted at this moment.
    rotating: tuple[str, ...] = ()
    engine: Workload = Workload()
    web: Workload = Workload()
    # None: nobody is expected to lead, because no engine is ready.
    leader: LeaderSeen | None = None
    edge: EdgeSeen = EdgeSeen()
    # Objects that somebody else changes again and again, in words for people.
    fights: tuple[str, ...] = ()
    # While paused: objects that differ from what the spec wants.
    pending_changes: tuple[str, ...] = ()

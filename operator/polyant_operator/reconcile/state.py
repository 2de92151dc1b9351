"""What one pass knows, filled step by step, and the tools its steps work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import COMPONENT, Component
from polyant_operator.desired.context import Context, Manifest, OperandOptions
from polyant_operator.kube import gather
from polyant_operator.kube.api_server import ApiServer
from polyant_operator.kube.apply import Applier
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.client import Client
from polyant_operator.kube.discovery import Discovery
from polyant_operator.kube.events import Recorder
from polyant_operator.kube.kinds import STATEFUL_SET, Kind, Object, Ref
from polyant_operator.kube.lately import Lately
from polyant_operator.kube.read_ahead import ReadAhead
from polyant_operator.reconcile.leaders import Leaders
from polyant_operator.reconcile.rollouts import Rollouts
from polyant_operator.reconcile.waits import Waits
from polyant_operator.verdicts.observed import Attempt, LeaderSeen, SecretProblem, Trouble
from polyant_operator.verdicts.rollout import Queued


class Scaled(NamedTuple):
    """The replicas that a Deployment was seen with, or given, as the spec asked."""

    uid: str | None
    replicas: int


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The ways in and out of a pass."""

    client: Client
    cache: Cache
    applier: Applier
    discovery: Discovery
    api_server: ApiServer
    recorder: Recorder
    options: OperandOptions
    rollouts: Rollouts
    # So many random bytes, unpredictable.
    random: Callable[[int], bytes]
    wall_clock: Callable[[], datetime]
    waits: Waits = field(default_factory=Waits)
    # Who leads the engines of each instance.
    leaders: Leaders = field(default_factory=Leaders)
    # Other operators that serve the same instances, in words for people.
    rivals: set[str] = field(default_factory=set)
    # Other replicas than these, of the same spec, are somebody else's.
    scaled: dict[Ref, Scaled] = field(default_factory=dict)
    ahead: ReadAhead = field(default_factory=ReadAhead)

    @cached_property
    def ingress_classes(self) -> Lately[tuple[Object, ...] | None]:
        """The cluster's IngressClasses: the same for every instance."""
        return Lately(lambda: gather.ingress_classes(self.client))


@dataclass(kw_only=True)
class Pass:
    """One pass: what was read, what is wanted, what went wrong."""

    body: Object
    instance: PolyantInstance
    now: datetime
    children: dict[Ref, Object] = field(default_factory=dict)
    pods: tuple[Object, ...] = ()
    # Who leads the engines; None while none of them is ready.
    leader: LeaderSeen | None = None
    # The engine pod that shall lead, if somebody wants one that can.
    promote: str = ""
    ingress_classes: tuple[Object, ...] | None = None
    secrets: dict[str, Object] = field(default_factory=dict)
    # The embedded database's PersistentVolumeClaim, where it was looked at and exists.
    volume: Object | None = None
    # The ConfigMap of `spec.caBundleRef`, if there is one.
    ca_bundle: Object | None = None
    problems: tuple[SecretProblem, ...] = ()
    context: Context = field(default_factory=Context)
    always: tuple[Manifest, ...] = ()
    workloads: tuple[Manifest, ...] = ()
    # The id of the encryption key in use, when it could be read.
    key_id: str | None = None
    attempts: tuple[Attempt, ...] = ()
    # A Job of another release of the operator that is let finish first.
    awaited_job: str = ""
    gate_open: bool = False
    # The mark of the rollout that the workloads belong to (`desired.rollout`).
    rollout: str = ""
    # The rollout waits for a place among other instances' rollouts.
    queued: Queued | None = None
    # Secrets of which two values are accepted while they change.
    rotating: tuple[str, ...] = ()
    trouble: Trouble | None = None
    # Objects that somebody else changes again and again, in words for people.
    fights: list[str] = field(default_factory=list)
    # Seconds after which to look again, by whoever wants it soonest.
    look_again: float | None = None

    @property
    def status(self) -> Mapping[str, Any]:
        """The status as it was last written."""
        return self.body.get("status") or {}

    @property
    def may_write(self) -> bool:
        """Whether objects other than the status may be written."""
        return self.trouble is None and not self.instance.spec.paused

    @property
    def may_roll(self) -> bool:
        """Whether pods may be replaced and a migration may run."""
        return self.may_write and self.queued is None

    @property
    def hash_known(self) -> bool:
        """Whether the migration's hash could be computed from readable Secrets."""
        return bool(self.context.migration_hash)

    @property
    def has_database(self) -> bool:
        """Whether there is, or may be, data that an embedded database wrote."""
        if self.volume is not None:
            return True
        known = self.instance.status.installation_id is not None
        return known and self.child(STATEFUL_SET, self.instance.names.database) is not None

    def child(self, kind: Kind, name: str) -> Object | None:
        """A live child by kind and name."""
        return self.children.get(Ref(kind, self.instance.namespace, name))

    def pods_of(self, component: Component) -> tuple[Object, ...]:
        """The pods of a component."""
        return tuple(pod for pod in self.pods if component_of(pod) == component.value)

    def again(self, seconds: float) -> None:
        """Want to look again; the soonest wish counts."""
        self.look_again = seconds if self.look_again is None else min(seconds, self.look_again)


def component_of(obj: Mapping[str, Any]) -> str | None:
    """The component an object belongs to, by its label."""
    found = obj["metadata"].get("labels") or {}
    return found.get(COMPONENT)

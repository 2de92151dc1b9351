"""What the operator has seen: the whole `status`, which it alone writes."""

from polyant_operator.api.conditions import Condition
from polyant_operator.api.model import Reported


class Replicas(Reported):
    """Replicas of a Deployment; integers, because the scale subresource reads them."""

    replicas: int = 0
    ready: int = 0


class Summary(Reported):
    """Short texts for printer columns; no program reads them."""

    engine: str = ""
    web: str = ""


class Endpoints(Reported):
    """Where people and programs come in."""

    web: str | None = None
    engine: str | None = None


class Effective(Reported):
    """What runs, after all defaults."""

    version: str | None = None
    engine_image: str | None = None
    web_image: str | None = None
    migration_head: str | None = None


class ChannelLeader(Reported):
    """Which engine does what only one may do."""

    pod: str = ""
    epoch: int = 0
    since: str | None = None


class Encryption(Reported):
    """Which key the data is encrypted with."""

    key_id: str | None = None


class Status(Reported):
    """The status of an instance."""

    observed_generation: int = -1
    conditions: tuple[Condition, ...] = ()
    engine: Replicas = Replicas()
    web: Replicas = Replicas()
    selector: str | None = None
    summary: Summary = Summary()
    endpoints: Endpoints = Endpoints()
    effective: Effective = Effective()
    channel_leader: ChannelLeader = ChannelLeader()
    encryption: Encryption = Encryption()
    installation_id: str | None = None

    def condition(self, kind: str) -> Condition | None:
        """Find a condition by its type."""
        return next((found for found in self.conditions if found.type == kind), None)

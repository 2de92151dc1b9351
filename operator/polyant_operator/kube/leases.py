"""The Lease object of the operator's own election, behind three calls the elector needs."""

from datetime import UTC, datetime
from typing import Final

from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import LEASE, Object
from polyant_operator.kube.territory import Territory

CANARY_ANNOTATION: Final = "polyant.ai/watch-canary"
# By these, operators find each other.
OPERATOR_LABEL: Final = "polyant.ai/operator"
SERVES_ANNOTATION: Final = "polyant.ai/serves"


class LeaseStore:
    """Reads and writes one Lease under optimistic locking."""

    def __init__(
        self, client: Client, namespace: str, name: str, territory: Territory | None = None
    ) -> None:
        self._client = client
        self.namespace = namespace
        self.name = name
        # What the holder serves.
        self.territory = territory or Territory()

    async def read(self) -> Object | None:
        """The Lease as it is, or None."""
        return await self._client.find(LEASE, self.namespace, self.name)

    async def write(self, lease: Object) -> Object:
        """Create or replace the Lease; `Conflict` when somebody else was faster."""
        marked = lease | {"metadata": self._marked(lease["metadata"])}
        if "resourceVersion" in lease["metadata"]:
            return await self._client.replace(marked)
        return await self._client.create(marked)

    def _marked(self, metadata: Object) -> Object:
        labels = (metadata.get("labels") or {}) | {OPERATOR_LABEL: "true"}
        serves = {SERVES_ANNOTATION: self.territory.text()}
        annotations = (metadata.get("annotations") or {}) | serves
        return metadata | {"labels": labels, "annotations": annotations}

    async def stamp(self, value: str) -> None:
        """Write the canary annotation, which our own watch must bring back."""
        patch = {"metadata": {"annotations": {CANARY_ANNOTATION: value}}}
        await self._client.merge(LEASE, self.namespace, self.name, patch)

    def blank(self) -> Object:
        """A Lease that nobody holds and that was never stored."""
        return {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {"namespace": self.namespace, "name": self.name},
            "spec": {},
        }


def micro_time(moment: datetime) -> str:
    """A time in the form a Lease wants."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

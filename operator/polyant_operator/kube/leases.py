"""The Lease object of the operator's own election, behind three calls the elector needs."""

from datetime import UTC, datetime
from typing import Final

from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import LEASE, Object

CANARY_ANNOTATION: Final = "polyant.ai/watch-canary"


class LeaseStore:
    """Reads and writes one Lease under optimistic locking."""

    def __init__(self, client: Client, namespace: str, name: str) -> None:
        self._client = client
        self.namespace = namespace
        self.name = name

    async def read(self) -> Object | None:
        """The Lease as it is, or None."""
        return await self._client.find(LEASE, self.namespace, self.name)

    async def write(self, lease: Object) -> Object:
        """Create or replace the Lease; `Conflict` when somebody else was faster."""
        if "resourceVersion" in lease["metadata"]:
            return await self._client.replace(lease)
        return await self._client.create(lease)

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

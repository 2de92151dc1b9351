"""Finds other operators that serve the same instances: a second release, made by mistake.

Each operator writes what it serves on its Lease. Who holds such a Lease and renews it lives, which is
seen by its version moving between two looks, so no clock of another machine is trusted. Nobody is
ended: which of two releases is the wrong one is for people to say.
"""

import asyncio
import logging
from typing import Final, Protocol

from polyant_operator.kube import errors
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import LEASE, Object
from polyant_operator.kube.leases import OPERATOR_LABEL, SERVES_ANNOTATION
from polyant_operator.kube.territory import Territory
from polyant_operator.observability import metrics

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 60.0


class Own(Protocol):
    """The Lease of this operator."""

    namespace: str
    name: str
    territory: Territory


class Rivals:
    """Looks for them again and again; `names` is who was found last."""

    def __init__(self, client: Client, own: Own, names: set[str]) -> None:
        self._client = client
        self._own = own
        # Filled for others to read: Leases in words for people.
        self.names = names
        # The versions of the Leases of others at the last look.
        self._seen: dict[str, str] = {}

    async def follow(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except errors.KubeError as error:
                logger.debug("Other operators are looked for later: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once, and tell what changed."""
        seen: dict[str, str] = {}
        living: set[str] = set()
        for lease in await self._leases():
            name = (
                f"Lease {lease['metadata']['name']} in namespace {lease['metadata']['namespace']}"
            )
            seen[name] = lease["metadata"]["resourceVersion"]
            if self._seen.get(name, seen[name]) != seen[name]:
                living.add(name)
        self._seen = seen
        self._tell(living)

    def _tell(self, living: set[str]) -> None:
        for name in sorted(living - self.names):
            logger.error(
                "Another operator, %s, serves the same instances. Uninstall one of the two releases, or"
                " divide the instances by watchNamespaces or shard.",
                name,
            )
        for name in sorted(self.names - living):
            logger.info("The other operator, %s, is gone", name)
        self.names.clear()
        self.names.update(living)
        metrics.rivals.set(len(living))

    async def _leases(self) -> list[Object]:
        """Held Leases of others that serve what we serve, as far as we may see."""
        spaces = {*self._own.territory.namespaces, self._own.namespace}
        chosen = sorted(spaces) if self._own.territory.namespaces else [None]
        found: list[Object] = []
        for namespace in chosen:
            try:
                walk = self._client.walk(LEASE, namespace, labels=f"{OPERATOR_LABEL}=true")
                found += [lease async for lease in walk if self._is_rival(lease)]
            except errors.Forbidden as error:
                logger.debug("Operators in namespace %s are not seen: %s", namespace, error)
        return found

    def _is_rival(self, lease: Object) -> bool:
        metadata = lease["metadata"]
        if (metadata["namespace"], metadata["name"]) == (self._own.namespace, self._own.name):
            return False
        said = (metadata.get("annotations") or {}).get(SERVES_ANNOTATION, "")
        territory = Territory.read(said)
        is_held = bool((lease.get("spec") or {}).get("holderIdentity"))
        return is_held and territory is not None and territory.overlaps(self._own.territory)

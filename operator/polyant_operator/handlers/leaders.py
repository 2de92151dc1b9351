"""Follows who leads the engines of all instances: one list of Leases every 15 s, whatever their number.

A watch would bring every renewal, one in two seconds for each instance. What is the same as at the last
look wants no work, so an instance at rest costs its share of a list and nothing else.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from polyant_operator.handlers.queue import Key, WorkQueue
from polyant_operator.kube import errors, shards
from polyant_operator.kube.cache import Cache, instance_of
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import INSTANCE, LEASE, Object, Ref
from polyant_operator.reconcile.leaders import Leaders

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 15.0
CHUNK: Final = 500


class FollowLeaders:
    """Looks at the Leases of the engines again and again."""

    def __init__(
        self,
        client: Client,
        cache: Cache,
        leaders: Leaders,
        queue: WorkQueue,
        namespaces: tuple[str, ...],
        shard: str = "",
    ) -> None:
        self._client = client
        self._cache = cache
        self._leaders = leaders
        self._queue = queue
        # Empty = all.
        self._namespaces = namespaces
        self._selector = shards.children(shard)

    async def follow(self, jitter: Callable[[], float]) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS * (0.9 + 0.2 * jitter()))
            try:
                await self.look()
            except errors.KubeError as error:
                # Told by who cannot go on without an answer; a look that is missed proves nothing.
                logger.debug("The engines' leaders are looked at later: %s", error)

    async def look(self) -> None:
        """Look once; instances whose leader is another one, or gone, are worked on."""
        known = self._cache.refs(INSTANCE)
        spaces = {ref.namespace for ref in known}
        wanted = sorted(spaces & set(self._namespaces)) if self._namespaces else [None]
        leases: dict[Ref, Object] = {}
        for namespace in wanted if spaces else ():
            walk = self._client.walk(LEASE, namespace, labels=self._selector, chunk=CHUNK)
            leases |= {_instance(lease): lease async for lease in walk}
        for ref in known:
            # One without a Lease has no leader, and a pass makes it anew.
            if ref in leases or self._is_led(ref):
                self._note(ref, leases.get(ref))

    def _is_led(self, instance: Ref) -> bool:
        return self._leaders.seen((instance.namespace, instance.name)).is_there

    def _note(self, instance: Ref, lease: Object | None) -> None:
        if self._leaders.note((instance.namespace, instance.name), lease):
            self._queue.add(Key(instance.namespace, instance.name))


def _instance(lease: Object) -> Ref:
    return Ref(INSTANCE, lease["metadata"]["namespace"], instance_of(lease) or "")

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
from polyant_operator.kube.cache import instance_of
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import INSTANCE, LEASE, Ref
from polyant_operator.reconcile.state import Tools

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 15.0
CHUNK: Final = 500


class FollowLeaders:
    """Looks at the Leases of the engines again and again."""

    def __init__(
        self,
        client: Client,
        tools: Tools,
        queue: WorkQueue,
        namespaces: tuple[str, ...],
        shard: str = "",
    ) -> None:
        self._client = client
        self._tools = tools
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
        spaces = {ref.namespace for ref in self._tools.cache.refs(INSTANCE)}
        wanted = sorted(spaces & set(self._namespaces)) if self._namespaces else [None]
        for namespace in wanted if spaces else ():
            walk = self._client.walk(LEASE, namespace, labels=self._selector, chunk=CHUNK)
            async for lease in walk:
                self._note(lease["metadata"]["namespace"], lease)

    def _note(self, namespace: str, lease: dict[str, object]) -> None:
        name = instance_of(lease)
        if not name or Ref(INSTANCE, namespace, name) not in self._tools.cache.refs(INSTANCE):
            return
        if self._tools.leaders.note((namespace, name), lease):
            self._queue.add(Key(namespace, name))

"""The slow comparison with the cluster: finds what no watch told, and looks at kinds without one.

kopf loses deletes while it relists, and Services and the like are not watched at all. So everything
is listed every ten minutes, what vanished is forgotten, and every instance is looked at again,
behind whatever users want.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from polyant_operator.handlers.queue import Key, Priority, WorkQueue
from polyant_operator.kube import errors, shards
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.client import Client
from polyant_operator.kube.discovery import Discovery
from polyant_operator.kube.kinds import CHILDREN, INSTANCE, WATCHED_CHILDREN, Kind, Ref

logger = logging.getLogger(__name__)

# The part of the pause between two comparisons over which the looks at instances are spread.
_SPREAD: Final = 0.1
# A failed comparison is made up for so soon: what happened meanwhile may have been missed for good.
RETRY_SECONDS: Final = 15.0
# The first one is tried again so soon: nothing is done before it has worked.
FIRST_SECONDS: Final = 2.0


class Resync:
    """Fills the cache from lists and wants every instance to be looked at."""

    def __init__(
        self,
        client: Client,
        cache: Cache,
        queue: WorkQueue,
        namespaces: tuple[str, ...],
        discovery: Discovery,
        shard: str = "",
    ) -> None:
        self._client = client
        self._discovery = discovery
        self._cache = cache
        self._queue = queue
        self._namespaces = namespaces
        self._shard = shard
        self._wanted = asyncio.Event()
        # What was told last: the same trouble is worth one line, however often it is met.
        self._told = ""

    def want(self) -> None:
        """Compare soon: events may have been missed."""
        self._wanted.set()

    async def first(self) -> None:
        """List everything for the first time, however long the API server takes to allow it."""
        while True:
            try:
                return await self.once()
            except errors.KubeError as error:
                self._tell("The first look at the cluster is tried again", error)
                await asyncio.sleep(FIRST_SECONDS)

    async def once(self, spread: Callable[[], float] = lambda: 0.0) -> None:
        """List everything once; each instance is looked at after the pause that `spread` gives."""
        await self._discovery.refresh()
        for kind in (*CHILDREN, INSTANCE):
            vanished = await self._refresh(kind)
            if kind in (INSTANCE, *WATCHED_CHILDREN):
                # The others have no watch that could have told.
                for ref in sorted(vanished):
                    logger.info("%s in namespace %s vanished unnoticed", ref, ref.namespace)
            for ref in vanished if kind == INSTANCE else ():
                self._queue.add(Key(ref.namespace, ref.name))
        for ref in sorted(self._cache.refs(INSTANCE)):
            self._want(Key(ref.namespace, ref.name), spread())

    def _want(self, key: Key, pause: float) -> None:
        if pause:
            self._queue.add_after(key, pause, Priority.RESYNC)
        else:
            self._queue.add(key, Priority.RESYNC)

    async def run(self, seconds: float, jitter: Callable[[], float]) -> None:
        """List everything again and again; a failed time is made up for soon."""
        pause = seconds
        while True:
            is_due = await self._sleep(pause * (0.8 + 0.4 * jitter()))
            # Spread out: a thousand instances at one time would be a wave on the API server. What may
            # have been missed is looked at now.
            over = seconds * _SPREAD if is_due and pause == seconds else 0.0
            pause = seconds
            try:
                await self.once(partial(_share, over, jitter))
            except errors.KubeError as error:
                pause = min(seconds, RETRY_SECONDS)
                self._tell(f"The resync failed and is tried again every {pause:.0f} s", error)
            else:
                self._told = ""

    def _tell(self, what: str, error: errors.KubeError) -> None:
        text = f"{what}: {error}"
        if isinstance(error, errors.Forbidden):
            text += ". Give the right back, for example by installing the chart again"
        if text != self._told:
            logger.warning("%s", text)
        self._told = text

    async def _sleep(self, seconds: float) -> bool:
        """Wait; says whether it was for as long as it should be."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        is_due = not self._wanted.is_set()
        self._wanted.clear()
        return is_due

    async def _refresh(self, kind: Kind) -> set[Ref]:
        # Object by object: a whole list at one time would be the peak of the process's memory.
        known: dict[Ref, int] = self._cache.versions(kind)
        present: set[Ref] = set()
        if not self._discovery.available(kind):
            return self._cache.forget_vanished(present, known)
        judge = shards.instances if kind == INSTANCE else shards.children
        selector = judge(self._shard)
        for namespace in self._namespaces or (None,):
            try:
                async for obj in self._client.walk(kind, namespace, labels=selector):
                    present.add(self._cache.refresh(obj, known))
            except errors.Forbidden as error:
                if kind == INSTANCE:
                    raise
                # One lost right is told by the instances that need it; the other kinds go on.
                logger.warning("%ss cannot be compared: %s", kind.kind, error)
                return set()
        return self._cache.forget_vanished(present, known)


def _share(seconds: float, jitter: Callable[[], float]) -> float:
    return seconds * jitter()

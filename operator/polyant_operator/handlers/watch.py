"""kopf as the watch layer, and as nothing else: `on.event` handlers that pass the event on.

Each kopf runs in a thread with an event loop of its own, because it cancels foreign tasks of its loop
when it ends; see `threads`. What it has in excess (indices, timers, daemons, handlers that write annotations and
finalizers) is never used; what it loses (deletes during a relist) the resync finds.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import kopf

from polyant_operator.handlers import threads, watch_settings
from polyant_operator.handlers.feed import Feed
from polyant_operator.handlers.optional import OptionalWatch
from polyant_operator.kube.access import Access
from polyant_operator.kube.cache import trim
from polyant_operator.kube.kinds import (
    INSTANCE,
    LEASE,
    OPTIONAL,
    SECRET,
    WATCHED_CHILDREN,
    Kind,
    Object,
)
from polyant_operator.kube.leases import LeaseStore
from polyant_operator.observability.repeats import Repeats

logger = logging.getLogger(__name__)

# It warns that it gets no signals in a thread, which is what is wanted.
logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)

# A watch without rights, or without an API server, is tried for ever, and would be told each time.
logging.getLogger("kopf._cogs.clients.watching").addFilter(Repeats())

# Takes the type of an event and the object.
Take = Callable[[str | None, Object], None]
# Judges the same.
IsOldNews = Callable[[str | None, Object], bool]


class Watches:
    """The thread in which kopf watches, and the way of its events into our loop."""

    def __init__(
        self,
        access: Access,
        feed: Feed,
        lease: LeaseStore,
        namespaces: tuple[str, ...],
        is_served: Callable[[Kind], bool],
        shard: str = "",
    ) -> None:
        self._access = access
        self._feed = feed
        self._lease = lease
        self._shard = shard
        # Empty = all.
        self._namespaces = namespaces
        self._is_served = is_served
        # Told when events may have been missed.
        self.missed: Callable[[], None] = lambda: None

    async def run(self) -> None:
        """Watch until cancelled."""
        loop, ended = asyncio.get_running_loop(), threading.Event()
        # Two, because the Lease may lie in a namespace that is not served; more for kinds that come.
        instances = self._watch(self._instances(loop), self._namespaces)
        canary = self._watch(self._canary(loop), (self._lease.namespace,))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(threads.kept_alive("watches", instances, self.missed))
                group.create_task(threads.kept_alive("canary's watches", canary, self.missed))
                for kind in (each for each in WATCHED_CHILDREN if each in OPTIONAL):
                    group.create_task(self._optional(loop, kind).run(ended))
        finally:
            ended.set()

    def _instances(self, loop: asyncio.AbstractEventLoop) -> kopf.OperatorRegistry:
        registry = self._registry()
        for kind in (INSTANCE, *(each for each in WATCHED_CHILDREN if each not in OPTIONAL)):
            _register(registry, kind, self._objects(loop))
        _register(registry, SECRET, _handler(loop, self._feed.secret_changed))
        return registry

    def _optional(self, loop: asyncio.AbstractEventLoop, kind: Kind) -> OptionalWatch:
        registry = self._registry()
        _register(registry, kind, self._objects(loop))
        watch = self._watch(registry, self._namespaces)
        name = f"watches on {kind.kind}"
        return OptionalWatch(
            kind.kind,
            lambda: self._is_served(kind),
            lambda stop: threads.in_thread(name, watch, stop),
        )

    def _canary(self, loop: asyncio.AbstractEventLoop) -> kopf.OperatorRegistry:
        registry = self._registry()
        _register(registry, LEASE, _handler(loop, self._feed.lease_changed))
        return registry

    def _objects(self, loop: asyncio.AbstractEventLoop) -> Any:
        # A relist brings everything again; what is known ends here, and costs the main loop nothing.
        return _handler(loop, self._feed.object_changed, self._feed.is_old_news)

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        kopf.on.login(registry=registry)(self._login)
        return registry

    def _watch(self, registry: kopf.OperatorRegistry, namespaces: tuple[str, ...]) -> threads.Watch:
        async def watch(stop: threading.Event) -> None:
            await kopf.operator(
                registry=registry,
                settings=watch_settings.settings(self._lease.name, self._shard),
                standalone=True,
                clusterwide=not namespaces,
                namespaces=namespaces,
                stop_flag=stop,
            )

        return watch

    def _login(self, **_: Any) -> kopf.ConnectionInfo:
        access = self._access
        return kopf.ConnectionInfo(
            server=access.server,
            ca_path=access.ca_file,
            insecure=access.insecure,
            certificate_path=access.client_cert_file,
            private_key_path=access.client_key_file,
            token=access.current_token(),
        )


def _register(registry: kopf.OperatorRegistry, kind: Kind, handler: Any) -> None:
    kopf.on.event(*watch_settings.selector(kind), registry=registry, id=kind.plural)(handler)


def _handler(
    loop: asyncio.AbstractEventLoop, take: Take, is_old_news: IsOldNews = lambda *_: False
) -> Any:
    async def handle(event: Any, **_: Any) -> None:
        if not is_old_news(event["type"], event["object"]):
            loop.call_soon_threadsafe(take, event["type"], trim(event["object"]))

    return handle

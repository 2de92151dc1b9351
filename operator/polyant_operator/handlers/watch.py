"""kopf as the watch layer, and as nothing else: `on.event` handlers that pass the event on.

kopf runs in a thread with an event loop of its own, because it cancels foreign tasks of its loop
when it ends. What it has in excess (indices, timers, daemons, handlers that write annotations and
finalizers) is never used; what it loses (deletes during a relist) the resync finds.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

import kopf

from polyant_operator.handlers import watch_settings
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

logger = logging.getLogger(__name__)

STOP_SECONDS: Final = 5.0
# It warns that it gets no signals in a thread, which is what is wanted.
logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)

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
        self._stop = threading.Event()

    async def run(self) -> None:
        """Watch until cancelled; a watch layer that ends by itself is an error."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        thread = threading.Thread(
            target=self._thread, args=(loop, ended), name="watches", daemon=True
        )
        thread.start()
        try:
            await asyncio.shield(ended)
        finally:
            self._stop.set()
            await asyncio.to_thread(thread.join, STOP_SECONDS)
        raise RuntimeError("the watches have ended")

    def _thread(self, loop: asyncio.AbstractEventLoop, ended: "asyncio.Future[None]") -> None:
        error: BaseException | None = None
        try:
            asyncio.run(self._watch(loop))
        except Exception as caught:  # noqa: BLE001 (the boundary of a thread: reported to the main loop)
            error = caught
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, ended, error)

    async def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        # Two, because the Lease may lie in a namespace that is not served; more for kinds that come.
        async with asyncio.TaskGroup() as group:
            group.create_task(self._operator(self._instances(loop), self._namespaces))
            group.create_task(self._operator(self._canary(loop), (self._lease.namespace,)))
            for kind in (each for each in WATCHED_CHILDREN if each in OPTIONAL):
                group.create_task(self._optional(loop, kind).run(self._stop))

    def _instances(self, loop: asyncio.AbstractEventLoop) -> kopf.OperatorRegistry:
        registry = self._registry()
        for kind in (INSTANCE, *(each for each in WATCHED_CHILDREN if each not in OPTIONAL)):
            _register(registry, kind, self._objects(loop))
        _register(registry, SECRET, _handler(loop, self._feed.secret_changed))
        return registry

    def _optional(self, loop: asyncio.AbstractEventLoop, kind: Kind) -> OptionalWatch:
        async def watch(stop: threading.Event) -> None:
            registry = self._registry()
            _register(registry, kind, self._objects(loop))
            await self._operator(registry, self._namespaces, stop)

        return OptionalWatch(kind.kind, lambda: self._is_served(kind), watch)

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

    async def _operator(
        self,
        registry: kopf.OperatorRegistry,
        namespaces: tuple[str, ...],
        stop: threading.Event | None = None,
    ) -> None:
        await kopf.operator(
            registry=registry,
            settings=watch_settings.settings(self._lease.name, self._shard),
            standalone=True,
            clusterwide=not namespaces,
            namespaces=namespaces,
            stop_flag=stop or self._stop,
        )

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


def _settle(ended: "asyncio.Future[None]", error: BaseException | None) -> None:
    if ended.done():
        return
    if error is not None:
        ended.set_exception(error)
    else:
        ended.set_result(None)

"""The process: what is started in which order, and what its end means.

    probes -> CRD revision -> election -> list everything -> workers, watches, resync

Only the leader watches and works. Whatever ends while leading ends the process: starting again is
cheap and leaves nothing half-alive. On SIGTERM the work stops first, then the Lease is released.
"""

import asyncio
import faulthandler
import gc
import logging
import random
import secrets
import signal
import sys
import time
import uuid
from datetime import UTC, datetime

from polyant_operator.handlers import health, imports, revision, surroundings
from polyant_operator.handlers.canary import Canary
from polyant_operator.handlers.elector import Candidate, Elector, End
from polyant_operator.handlers.feed import Feed
from polyant_operator.handlers.leaders import FollowLeaders
from polyant_operator.handlers.queue import Key, Work, WorkQueue
from polyant_operator.handlers.resync import Resync
from polyant_operator.handlers.rivals import Rivals
from polyant_operator.kube import access as accesses
from polyant_operator.kube import errors, shards
from polyant_operator.kube.api_server import ApiServer
from polyant_operator.kube.apply import Applier
from polyant_operator.kube.bucket import TokenBucket
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.client import Client
from polyant_operator.kube.discovery import Discovery
from polyant_operator.kube.events import Recorder
from polyant_operator.kube.kinds import INSTANCE
from polyant_operator.kube.leases import LeaseStore
from polyant_operator.kube.territory import Territory
from polyant_operator.observability import logs, metrics
from polyant_operator.reconcile import options
from polyant_operator.reconcile.instance import Reconciler
from polyant_operator.reconcile.rollouts import Rollouts
from polyant_operator.reconcile.state import Tools
from polyant_operator.settings import Settings

logger = logging.getLogger(__name__)

# Reconciles started in a second: below the API server's limit, above any user's need.
STARTS_PER_SECOND = 200
# Looked through after so many new objects: at the interpreter's 700 it takes an eighth of a start.
COLLECT_AFTER = (3_000, 10, 10)
LOST_LEASE = 2
FAILED = 1


class FaultWatchdog:
    """Ends the process from a C thread, which a stuck interpreter cannot stop."""

    def feed(self, seconds: float) -> None:
        """Strike after so many seconds from now, printing where every thread is."""
        faulthandler.dump_traceback_later(seconds, exit=True, file=2)

    def stop(self) -> None:
        """Do not strike."""
        faulthandler.cancel_dump_traceback_later()


def tools(client: Client, settings: Settings) -> Tools:
    """The ways in and out of a reconcile."""
    cache = Cache()
    return Tools(
        client=client,
        cache=cache,
        applier=Applier(client, cache),
        discovery=Discovery(client),
        api_server=ApiServer(client),
        recorder=Recorder(client, time.monotonic, wall_clock),
        options=options.of(settings),
        rollouts=Rollouts(cache, settings.max_concurrent_rollouts),
        random=secrets.token_bytes,
        wall_clock=wall_clock,
    )


def wall_clock() -> datetime:
    """The time of day, for what people read."""
    return datetime.now(UTC)  # noqa: TID251 (the one place of the operator where the clock is read)


def run(settings: Settings) -> int:
    """Run until told to stop; returns the exit code."""
    try:
        return asyncio.run(_main(settings))
    except (errors.KubeError, revision.WrongRevision) as error:
        logger.error("%s", error)  # noqa: TRY400 (the message says all; a trace would hide it)
        return FAILED
    except Exception:  # the boundary of the process: recorded as every other line is
        logger.exception("The process ends")
        return FAILED


async def _main(settings: Settings) -> int:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, task.cancel if task else sys.exit)
    try:
        return await Process(settings).run()
    except asyncio.CancelledError:
        logger.info("Stopped as asked")
        return 0


class Process:
    """One replica of the operator."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._canary = Canary(time.monotonic)
        self._started = False

    async def run(self) -> int:
        """Stand by, lead, and say how it ended."""
        access = accesses.load(self._settings.kubeconfig)
        app = health.application(self._canary.problem, self._not_started)
        server = await health.serve(app, health.listen(self._settings.metrics_port))
        try:
            async with Client(access, rate=self._settings.api_requests_per_second) as client:
                return await self._elect(client)
        finally:
            await server.cleanup()

    def _not_started(self) -> str | None:
        return None if self._started else "the CRD has not been checked yet"

    async def _elect(self, client: Client) -> int:
        settings = self._settings
        await revision.check(client, settings.watch_namespaces)
        self._started = True
        lease_name = shards.lease(settings.lease_name, settings.shard)
        territory = Territory(namespaces=settings.watch_namespaces, shard=settings.shard)
        store = LeaseStore(client, settings.pod_namespace, lease_name, territory)
        candidate = Candidate(
            identity=f"{settings.pod_name}_{uuid.uuid4()}",
            times=settings.lease,
            wall_clock=wall_clock,
            jitter=random.random,
        )
        end = await Elector(store, candidate, FaultWatchdog()).run(
            lambda: self._lead(client, store)
        )
        return LOST_LEASE if end is End.LOST else FAILED

    async def _lead(self, client: Client, store: LeaseStore) -> None:
        # kopf costs 20 MB, which a standby does without.
        with imports.without("kubernetes"):
            from polyant_operator.handlers.watch import Watches

        # Eighty thousand objects of imported modules stay for good: no collection need visit them.
        gc.freeze()
        # Passes make and drop dictionaries by the thousand, hardly ever in circles.
        gc.set_threshold(*COLLECT_AFTER)
        settings, kit = self._settings, tools(client, self._settings)
        queue = WorkQueue(
            _work(Reconciler(kit)),
            TokenBucket(STARTS_PER_SECOND, STARTS_PER_SECOND * 2),
            random.random,
        )
        kit.rollouts.wake = lambda namespace, name: queue.add(Key(namespace, name))
        feed = Feed(kit.cache, queue, self._canary.sing)
        resync = Resync(
            client, kit.cache, queue, settings.watch_namespaces, kit.discovery, settings.shard
        )
        watches = Watches(
            client.access,
            feed,
            store,
            settings.watch_namespaces,
            kit.discovery.available,
            settings.shard,
        )
        leaders = FollowLeaders(
            client, kit.cache, kit.leaders, queue, settings.watch_namespaces, settings.shard
        )
        watches.missed = resync.want
        await kit.api_server.refresh()
        await resync.first()
        await kit.ahead.fill(client, settings.watch_namespaces, kit.cache.refs(INSTANCE))
        self._canary.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(queue.run(settings.workers))
                group.create_task(watches.run())
                group.create_task(resync.run(settings.resync_seconds, random.random))
                asks = (kit.discovery.refresh, kit.api_server.refresh)
                group.create_task(surroundings.follow(asks, resync.once))
                group.create_task(leaders.follow(random.random))
                group.create_task(Rivals(client, store, kit.rivals).follow())
        finally:
            self._canary.stop()


def _work(reconciler: Reconciler) -> Work:
    async def work(key: Key) -> float | None:
        logs.reconcile_id.set(uuid.uuid4().hex[:12])
        logs.instance_key.set(str(key))
        with metrics.reconcile_seconds.time():
            try:
                again = await reconciler.reconcile(key.namespace, key.name)
            except BaseException:
                metrics.count_reconcile("error")
                raise
        metrics.count_reconcile("success" if again is None else "requeue_after")
        return again

    return work

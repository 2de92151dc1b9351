"""What goes wrong in a round. A fault is a context: what its end undoes was done at its beginning.

    async with FAULTS["killed"](world, replica): ...

`target` is one replica, mostly the one that leads.
"""

import asyncio
import contextlib
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

from support.chaos.replica import Replica
from support.chaos.world import World

Fault: TypeAlias = Callable[[World, Replica], AbstractAsyncContextManager[None]]

# A throttled process runs for so long, then stands still: what a cgroup's quota does.
RUNS_SECONDS = 0.02
STANDS_SECONDS = 0.12
SLOW_SECONDS = 0.25
FENCE_BACK = """
UPDATE fence SET epoch = greatest(epoch - 1, 0), term = gen_random_uuid(), holder = 'nobody_0'
"""


@contextlib.asynccontextmanager
async def killed(_: World, target: Replica) -> AsyncIterator[None]:
    """SIGKILL; it is away for as long as the fault lasts."""
    target.is_wanted = False
    await target.kill()
    try:
        yield
    finally:
        target.is_wanted = True


@contextlib.asynccontextmanager
async def restarted(_: World, target: Replica) -> AsyncIterator[None]:
    """SIGTERM, and started again at once."""
    target.signal(signal.SIGTERM)
    yield


@contextlib.asynccontextmanager
async def rolled(world: World, _: Replica) -> AsyncIterator[None]:
    """A rollout: one after the other, the next once the one before is ready."""
    for each in world.replicas:
        await each.stop()
        await each.until_ready()
    yield


@contextlib.asynccontextmanager
async def frozen(_: World, target: Replica) -> AsyncIterator[None]:
    """SIGSTOP, then SIGCONT."""
    target.freeze()
    try:
        yield
    finally:
        target.thaw()


@contextlib.asynccontextmanager
async def throttled(_: World, target: Replica) -> AsyncIterator[None]:
    """Gets a seventh of a processor."""
    task = asyncio.create_task(_throttle(target))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        target.thaw()


async def _throttle(target: Replica) -> None:
    while True:
        target.freeze()
        await asyncio.sleep(STANDS_SECONDS)
        target.thaw()
        await asyncio.sleep(RUNS_SECONDS)


def _cut(relay: str) -> Fault:
    @contextlib.asynccontextmanager
    async def fault(_: World, target: Replica) -> AsyncIterator[None]:
        target.relays[relay].refuse()
        try:
            yield
        finally:
            target.relays[relay].heal()

    return fault


def _frozen(relay: str, *, answers_only: bool = False) -> Fault:
    @contextlib.asynccontextmanager
    async def fault(_: World, target: Replica) -> AsyncIterator[None]:
        target.relays[relay].freeze(answers_only=answers_only)
        try:
            yield
        finally:
            target.relays[relay].heal()

    return fault


def _slow(relay: str) -> Fault:
    @contextlib.asynccontextmanager
    async def fault(_: World, target: Replica) -> AsyncIterator[None]:
        target.relays[relay].slow_down(SLOW_SECONDS)
        try:
            yield
        finally:
            target.relays[relay].heal()

    return fault


@contextlib.asynccontextmanager
async def blinked(_: World, target: Replica) -> AsyncIterator[None]:
    """Every connection to the database ends once."""
    target.relays["database"].cut()
    yield


def _database(*, is_crash: bool) -> Fault:
    @contextlib.asynccontextmanager
    async def fault(world: World, _: Replica) -> AsyncIterator[None]:
        await world.database.stop(is_crash=is_crash)
        try:
            yield
        finally:
            await world.database.start()

    return fault


@contextlib.asynccontextmanager
async def fence_rolled_back(world: World, _: Replica) -> AsyncIterator[None]:
    """What a fail-over to a database that lost the last promotion leaves: an older epoch."""
    await world.database.execute(FENCE_BACK)
    yield


def _vendor(name: str) -> Fault:
    @contextlib.asynccontextmanager
    async def fault(world: World, _: Replica) -> AsyncIterator[None]:
        channel = world.chance.choice(world.channels)
        channel.break_vendor(name)
        try:
            yield
        finally:
            channel.heal()

    return fault


def _vendor_relay(make: Callable[[str], Fault]) -> Fault:
    @contextlib.asynccontextmanager
    async def fault(world: World, target: Replica) -> AsyncIterator[None]:
        kind = world.chance.choice(world.channels).kind
        async with make(kind)(world, target):
            yield

    return fault


def _api(name: str) -> Fault:
    @contextlib.asynccontextmanager
    async def fault(world: World, _: Replica) -> AsyncIterator[None]:
        lease = world.lease
        if lease is None:
            raise RuntimeError("this run has no API server")
        lease.fail(name)
        try:
            yield
        finally:
            await asyncio.to_thread(lease.heal)

    return fault


@contextlib.asynccontextmanager
async def api_away(world: World, _: Replica) -> AsyncIterator[None]:
    """Nobody reaches the API server."""
    for each in world.replicas:
        each.relays["api"].refuse()
    try:
        yield
    finally:
        for each in world.replicas:
            each.relays["api"].heal()


EVERYWHERE: dict[str, Fault] = {
    "killed": killed,
    "restarted": restarted,
    "rolled-out": rolled,
    "frozen": frozen,
    "throttled": throttled,
    "database-cut": _cut("database"),
    "database-blinked": blinked,
    "database-frozen": _frozen("database"),
    "database-answers-frozen": _frozen("database", answers_only=True),
    "database-slow": _slow("database"),
    "database-restarted": _database(is_crash=False),
    "database-crashed": _database(is_crash=True),
    "fence-rolled-back": fence_rolled_back,
    "vendor-cut": _vendor_relay(_cut),
    "vendor-frozen": _vendor_relay(_frozen),
    "vendor-answers-frozen": _vendor_relay(lambda kind: _frozen(kind, answers_only=True)),
    "vendor-slow": _vendor("slow"),
    "vendor-limits": _vendor("limited"),
    "vendor-fails": _vendor("failing"),
    "vendor-fails-after": _vendor("failing-done"),
    "vendor-hangs-up": _vendor("cut-before"),
    "vendor-hangs-up-after": _vendor("cut-after"),
}
WITH_LEASE: dict[str, Fault] = {
    "api-away": api_away,
    "api-cut": _cut("api"),
    "api-frozen": _frozen("api"),
    "api-answers-frozen": _frozen("api", answers_only=True),
    "api-slow": _api("slow"),
    "api-crawls": _api("crawling"),
    "api-fails": _api("failing"),
    "api-loses-answers": _api("losing"),
}
FAULTS = {**EVERYWHERE, **WITH_LEASE}
# These go on beyond a lease, or are short; others are as long as chance wants.
LENGTHS: dict[str, tuple[float, ...]] = {
    "frozen": (0.5, 2.5, 4.5, 6.0),
    "database-frozen": (1.0, 4.5, 6.0),
    "restarted": (0.5,),
    "rolled-out": (0.1,),
    "database-blinked": (0.5,),
    "fence-rolled-back": (0.5,),
    "database-restarted": (0.1, 1.0),
    "database-crashed": (0.1, 1.0),
}
USUAL = (1.0, 2.5, 4.5)


def length(name: str, chance: random.Random) -> float:
    """For how many seconds a fault lasts, this time."""
    return chance.choice(LENGTHS.get(name, USUAL))

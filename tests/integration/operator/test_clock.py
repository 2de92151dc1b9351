"""The time of day jumps under a running operator, and differs between nodes: nothing depends on it."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from polyant_operator.kube.kinds import DEPLOYMENT, INSTANCE, JOB, LEASE, SERVICE, Kind
from polyant_operator.reconcile.instance import Reconciler
from support import apiserver, kstatus, operator_process, operator_world
from support.operator_process import OperatorProcess, eventually
from support.operator_world import World

pytestmark = pytest.mark.integration

HOUR = 3600
TIMES = {"LEASE_SECONDS": "8", "LEASE_RENEW_SECONDS": "6", "LEASE_RETRY_SECONDS": "1"}
# The process reads how far its time of day is off; comparisons come sooner than settings allow.
CLOCK = """
import time
from datetime import timedelta
from pathlib import Path
from polyant_operator.handlers import process, resync
true, seconds, run = process.wall_clock, time.time, resync.Resync.run
off = lambda: float(Path({path!r}).read_text())
process.wall_clock = lambda: true() + timedelta(seconds=off())
time.time = lambda: seconds() + off()
resync.Resync.run = lambda self, seconds, jitter: run(self, 2, jitter)
"""


@dataclass(frozen=True)
class Clock:
    """The time of day of one node."""

    path: Path

    def set_off(self, seconds: float) -> None:
        """Let it be off by so much from now on."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self.path)

    @property
    def before(self) -> str:
        """What a process runs first that goes by it."""
        return CLOCK.format(path=str(self.path))


def clock(folder: Path, name: str, seconds: float = 0) -> Clock:
    made = Clock(folder / f"{name}.clock")
    made.set_off(seconds)
    return made


@dataclass(frozen=True)
class Pair:
    """A leader, and a standby on a node whose clock is an hour behind."""

    world: World
    home: str
    leader: OperatorProcess
    standby: OperatorProcess
    clock: Clock

    async def lease(self) -> dict[str, Any]:
        lease = await self.world.admin.get(LEASE, self.home, "polyant-operator")
        return dict(lease["spec"])

    def check(self) -> None:
        assert self.leader.process.poll() is None
        assert leads(self.leader)
        assert not leads(self.standby)


def leads(replica: OperatorProcess) -> bool:
    return replica.metric("polyant_operator_leader") == 1


@pytest.fixture
async def pair(server: apiserver.ApiServer, tmp_path: Path) -> AsyncIterator[Pair]:
    first, second = clock(tmp_path, "one"), clock(tmp_path, "two", -HOUR)
    async with operator_world.world(server) as world:
        home = server.new_namespace("home")
        environ = {"POD_NAMESPACE": home, "WATCH_NAMESPACES": world.namespace, **TIMES}
        config = server.kubeconfig
        with operator_process.running(
            config, tmp_path, "one", environ, before=first.before
        ) as leader:
            await asyncio.to_thread(eventually, lambda: leads(leader), "it leads", seconds=60)
            with operator_process.running(
                config, tmp_path, "two", environ, before=second.before
            ) as standby:
                ready = lambda: standby.get("/readyz")[0] == 200  # noqa: E731 (one word for a fact)
                await asyncio.to_thread(eventually, ready, "the standby", seconds=60)
                yield Pair(world, home, leader, standby, first)
        await world.admin.delete(INSTANCE, world.namespace, "acme")


async def until(fact: Callable[[], Awaitable[object]], what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not await fact():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        await asyncio.sleep(0.1)


async def made_again(world: World, kind: Kind, name: str) -> None:
    """Delete an object and see it come back."""
    await world.admin.delete(kind, world.namespace, name)
    await until(lambda: world.admin.find(kind, world.namespace, name), f"{name} again")


async def comes_up(world: World) -> None:
    await world.create()
    await until(lambda: world.names(JOB), "a migration Job")
    await world.database_ready()
    await world.end_job_well()
    await until(lambda: both_there(world), "two Deployments")
    await world.rolled_out()
    await until(lambda: is_ready(world), "Ready")


async def both_there(world: World) -> bool:
    return len(await world.names(DEPLOYMENT)) == 2


async def is_ready(world: World) -> bool:
    return (await world.conditions()).get("Ready") == ("True", "Ready")


async def says(world: World, reason: str) -> bool:
    return (await world.conditions())["Ready"][1] == reason


async def moved(world: World, before: dict[str, Any]) -> dict[str, float]:
    """How far the time stamps of conditions that turned since are from now, in seconds."""
    known = {each["type"]: each for each in before["conditions"]}
    found = {}
    for each in (await world.status())["conditions"]:
        was = known.get(each["type"], {})
        if was.get("lastTransitionTime") == each["lastTransitionTime"]:
            continue
        assert was.get("status") != each["status"], f"{each['type']} did not turn"
        stamp = datetime.fromisoformat(each["lastTransitionTime"])
        found[each["type"]] = (stamp - datetime.now(UTC)).total_seconds()
    return found


async def turns(world: World, name: str, *, off: float) -> None:
    """Ready turns and turns back, with the time stamps of a clock that is so much off."""
    before = await world.status()
    await made_again(world, DEPLOYMENT, name)
    await until(lambda: says(world, "RollingOut"), "the status says so")
    stamps = await moved(world, before)
    assert "Ready" in stamps
    assert all(abs(each - off) < HOUR / 2 for each in stamps.values()), stamps
    await world.rolled_out()
    await until(lambda: is_ready(world), "Ready again")


async def test_a_clock_that_jumps_loses_no_lease_and_no_work(pair: Pair) -> None:
    """Two hours back is an hour behind the standby's: by the time of day, the Lease is long over."""
    world = pair.world
    await comes_up(world)
    begun, since = await pair.lease(), time.monotonic()

    for hours in (2, -2):
        pair.clock.set_off(hours * HOUR)
        since = time.monotonic()
        await turns(world, "acme-web", off=hours * HOUR)
        await made_again(world, SERVICE, "acme-web")  # not watched: by comparison
    await asyncio.sleep(max(0, float(TIMES["LEASE_SECONDS"]) + 1 - (time.monotonic() - since)))
    pair.check()
    pair.clock.set_off(0)
    await turns(world, "acme-engine", off=0)

    held = await pair.lease()
    assert held["leaseTransitions"] == begun["leaseTransitions"]
    assert held["holderIdentity"] == begun["holderIdentity"]
    assert kstatus.complaints(None, await world.get(INSTANCE, "acme")) == []
    assert [line for line in pair.leader.lines() if line["level"] in ("error", "critical")] == []
    assert pair.leader.get("/livez")[0] == 200

    pair.leader.stop(by=signal.SIGKILL)
    await asyncio.to_thread(eventually, lambda: leads(pair.standby), "the standby leads")


@pytest.mark.parametrize("hours", [2, -2])
async def test_a_missing_secret_is_waited_for_as_long_as_ever(world: World, hours: int) -> None:
    await world.create({"database": {"urlSecretRef": {"name": "db"}}})
    await world.run()
    world.off = timedelta(hours=hours)
    world.pass_time(119)
    await world.run()
    assert (await world.conditions())["Reconciling"] == ("True", "SecretMissing")

    world.pass_time(1)
    await world.run()

    assert (await world.conditions())["Stalled"] == ("True", "SecretMissing")


async def test_a_migration_is_tried_again_though_the_clock_was_set_back(world: World) -> None:
    await world.create({"database": {"urlSecretRef": {"name": "db"}}})
    await world.secret("db", uri="postgresql://u:p@host:5432/d")
    await world.run()
    await world.end_job(69)
    world.off = timedelta(hours=-2)
    assert await world.run() is not None
    world.pass_time(6)

    await world.run()

    assert len(await world.jobs()) == 2


async def test_a_job_of_another_release_is_not_waited_for_until_the_clock_catches_up(
    world: World,
) -> None:
    await world.create({"database": {"urlSecretRef": {"name": "db"}}})
    await world.secret("db", uri="postgresql://u:p@host:5432/d")
    await world.run()
    first = (await world.jobs())[0]["metadata"]["name"]
    world.restart()
    options = replace(world.tools.options, release="9.9.9")
    world.tools = replace(world.tools, options=options)
    world.reconciler = Reconciler(world.tools)
    world.off = timedelta(hours=-2)
    await world.run()
    assert [job["metadata"]["name"] for job in await world.jobs()] == [first]

    world.pass_time(61)
    await world.run()

    assert [job["metadata"]["name"] for job in await world.jobs()] != [first]

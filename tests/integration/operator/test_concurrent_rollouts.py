"""Many instances and an operator release that changes their pods: so many at one time, and no more.

The instances are in one namespace; what the Deployment controller would do is written by the test.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from polyant_operator.kube.kinds import DEPLOYMENT, INSTANCE
from polyant_operator.reconcile.instance import Reconciler
from polyant_operator.reconcile.rollouts import Rollouts
from support import apiserver, kstatus, operator_world
from support.operator_world import World

pytestmark = pytest.mark.integration

URL = "postgresql://u:p@host:5432/d"
SPEC = {"database": {"urlSecretRef": {"name": "db"}}}


class Fleet:
    """Some instances in one world, and so many places."""

    def __init__(self, world: World, instances: int, places: int) -> None:
        self.world = world
        self.names = tuple(f"i{number:02}" for number in range(instances))
        self.places = places

    async def up(self) -> None:
        self.release(1)
        await self.world.secret("db", uri=URL)
        for name in self.names:
            await self.world.create(SPEC, name)
        await self.everybody()
        await self.migrate()
        await self.everybody()
        await self.roll_out(*self.names)
        await self.everybody()
        assert await self.states() == dict.fromkeys(self.names, "Ready")

    def release(self, number: int) -> None:
        """Another release of the operator starts, with another image for every instance."""
        self.world.restart()
        options = replace(self.world.tools.options, release=f"0.{number}.0")
        rollouts = Rollouts(self.world.tools.cache, self.places)
        self.world.tools = replace(self.world.tools, options=options, rollouts=rollouts)
        self.world.reconciler = Reconciler(self.world.tools)

    async def everybody(self) -> None:
        await self.world.look()
        for name in self.names:
            await self.world.run(name, fresh=False)

    async def migrate(self) -> None:
        """Let every Job that waits succeed."""
        for job in await self.world.jobs():
            if not (job.get("status") or {}).get("conditions"):
                await self.world.end_one_job(job, 0)

    async def roll_out(self, *names: str) -> None:
        for name in names:
            await self.world.rolled_out(f"{name}-engine", f"{name}-web")

    async def states(self) -> dict[str, str]:
        """The reason of Ready by instance; every status has to be one that tools understand."""
        found = {}
        for name in self.names:
            instance = await self.world.get(INSTANCE, name)
            assert kstatus.contradiction(instance) is None
            found[name] = (await self.world.conditions(name))["Ready"][1]
        return found

    async def queued(self) -> set[str]:
        return {name for name, reason in (await self.states()).items() if reason == "RolloutQueued"}

    async def release_of(self, name: str) -> str:
        engine = await self.world.get(DEPLOYMENT, f"{name}-engine")
        (container,) = engine["spec"]["template"]["spec"]["containers"]
        return str(container["image"].rpartition(":")[2])

    async def updated(self) -> set[str]:
        return {name for name in self.names if await self.release_of(name) == "0.2.0"}

    async def step(self) -> set[str]:
        """Let migrations and rollouts that began come to their end; returns who began."""
        await self.migrate()
        await self.everybody()
        began = set(self.names) - await self.queued()
        await self.roll_out(*began)
        return began


@pytest.fixture
async def world(server: apiserver.ApiServer) -> AsyncIterator[World]:
    async with operator_world.world(server) as made:
        yield made


async def fleet_of(world: World, instances: int, places: int) -> Fleet:
    made = Fleet(world, instances, places)
    await made.up()
    return made


async def test_a_release_rolls_five_of_twelve_at_a_time_until_all_are_done(world: World) -> None:
    fleet = await fleet_of(world, instances=12, places=5)
    names = fleet.names
    fleet.release(2)
    await fleet.everybody()
    assert await fleet.queued() == set(names[5:])
    new = [job for job in await world.jobs() if not (job.get("status") or {}).get("succeeded")]
    assert len(new) == 5, "who waits runs no migration either"
    assert kstatus.compute(await world.get(INSTANCE, names[11])) == kstatus.IN_PROGRESS
    assert "waits as number 7: at most 5" in await world.message("Ready", names[11])

    await fleet.step()
    assert await fleet.updated() == set(names[:5])
    fleet.release(2)  # a restart in the middle: nothing is forgotten
    await fleet.everybody()
    await fleet.everybody()
    await fleet.step()
    assert await fleet.updated() == set(names[:10]), "in the order of the line"
    for _ in range(2):
        await fleet.everybody()
        await fleet.step()
    await fleet.everybody()

    assert await fleet.updated() == set(names)
    assert await fleet.states() == dict.fromkeys(names, "Ready")


async def test_a_bad_release_stops_and_says_so(world: World) -> None:
    fleet = await fleet_of(world, instances=3, places=1)
    fleet.release(2)
    await fleet.everybody()
    await fleet.migrate()
    for _ in range(3):  # applied, and never ready; the operator restarts meanwhile
        await fleet.everybody()
        fleet.release(2)
        world.pass_time(3600)

    assert await fleet.updated() == {"i00"}
    assert f"now {world.namespace}/i00. The running version" in await world.message("Ready", "i02")

    # The cure: back to the release before; who never rolled has nothing to do any more.
    fleet.release(1)
    await fleet.everybody()
    await fleet.step()
    await fleet.everybody()
    assert await fleet.states() == dict.fromkeys(fleet.names, "Ready")


async def test_a_change_of_its_own_spec_waits_for_nobody(world: World) -> None:
    fleet = await fleet_of(world, instances=3, places=1)
    fleet.release(2)
    await fleet.everybody()
    assert await fleet.queued() == {"i01", "i02"}

    await world.change({"version": "0.3.0"}, "i02")
    await fleet.everybody()
    await fleet.migrate()
    await fleet.everybody()

    assert await fleet.release_of("i02") == "0.3.0"
    assert await fleet.queued() == {"i01"}


async def test_what_somebody_deleted_is_made_again_at_once(world: World) -> None:
    fleet = await fleet_of(world, instances=1, places=1)
    await world.change({"engine": {"pod": {"priorityClassName": "high"}}}, "i00")
    await fleet.everybody()
    world.tools.rollouts.hold(("elsewhere", "rolling"))
    await world.admin.delete(DEPLOYMENT, world.namespace, "i00-engine")
    await fleet.everybody()

    assert await world.names(DEPLOYMENT) == ["i00-engine", "i00-web"]


async def test_what_somebody_changed_by_hand_is_put_back_at_once(world: World) -> None:
    fleet = await fleet_of(world, instances=1, places=1)
    world.tools.rollouts.hold(("elsewhere", "rolling"))
    patch = {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 7}}}}
    await world.admin.merge(DEPLOYMENT, world.namespace, "i00-web", patch)
    await fleet.everybody()

    template = (await world.get(DEPLOYMENT, "i00-web"))["spec"]["template"]
    assert template["spec"]["terminationGracePeriodSeconds"] > 7
    assert await fleet.queued() == set()

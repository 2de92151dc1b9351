"""Who leads is told without a needless write; a named pod is promoted through the Lease."""

from typing import Any

import pytest

from polyant_operator.handlers.leaders import FollowLeaders
from polyant_operator.handlers.queue import WorkQueue
from polyant_operator.kube.bucket import TokenBucket
from polyant_operator.kube.kinds import DEPLOYMENT, EVENT, LEASE, POD
from support.operator_world import World

pytestmark = pytest.mark.integration

NAME = "acme-channels"
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


@pytest.fixture
async def led(world: World) -> World:
    """An instance at rest whose engine leads for ten seconds from now."""
    await world.bring_up()
    await renew(world)
    assert await look(world) == 0
    await world.run()
    world.client.writes.clear()
    return world


async def renew(world: World, pod: str = "acme-engine-0", epoch: int = 1) -> None:
    moment = world.now.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    await world.lead(pod=pod, epoch=epoch, leaseDurationSeconds=10, renewTime=moment)


async def look(world: World) -> int:
    """Look as it is done every 15 s; says how many instances want work."""

    async def never(_: object) -> float | None:
        raise AssertionError("nothing is worked on here")

    queue = WorkQueue(never, TokenBucket(1, 1), lambda: 0.0)
    tools, spaces = world.tools, (world.namespace,)
    await FollowLeaders(world.client, tools.cache, tools.leaders, queue, spaces).look()
    return len(queue)


async def leader(world: World) -> dict[str, Any]:
    return dict((await world.status()).get("channelLeader") or {})


async def test_an_instance_waits_for_its_first_leader(world: World) -> None:
    await world.create()
    await world.run()
    await world.database_ready()
    await world.end_job_well()
    await world.run()
    await world.rolled_out()
    nobody = {"metadata": {"annotations": {"polyant.ai/epoch": None}}, "spec": None}
    await world.admin.merge(LEASE, world.namespace, NAME, nobody)

    assert await world.run() == 2
    assert (await world.conditions())["Ready"] == ("False", "NoLeader")
    await world.lead()
    await world.run()

    assert (await world.conditions())["Ready"] == ("True", "Ready")


async def test_a_renewed_lease_costs_one_list_and_no_pass(led: World) -> None:
    assert await leader(led) == {
        "pod": "acme-engine-0",
        "epoch": 1,
        "since": "2026-11-24T12:00:00Z",
    }
    for _ in range(3):
        led.pass_time(15)
        await renew(led)
        assert await look(led) == 0
    await led.run()

    assert led.client.writes == []


async def test_another_leader_is_told_and_ready_stays(led: World) -> None:
    led.pass_time(15)
    await renew(led, "acme-engine-1", 2)

    assert await look(led) == 1
    await led.run()

    assert (await leader(led))["pod"] == "acme-engine-1"
    assert (await led.conditions())["Ready"] == ("True", "Ready")


async def test_a_leader_may_be_gone_for_a_minute_and_no_longer(led: World) -> None:
    led.pass_time(15)
    assert await look(led) == 1, "it was not renewed"
    assert await led.run() == 2
    assert (await led.conditions())["ChannelsActive"] == ("True", "LeaderChanging")
    assert await leader(led) == {}
    led.pass_time(46)
    await led.run()
    assert (await led.conditions())["Ready"] == ("False", "LeaderLost")
    assert "acme-engine-0 led last" in await led.message("ChannelsActive")

    await renew(led)
    await led.run()

    assert (await led.conditions())["Ready"] == ("True", "Ready")


async def test_a_lease_that_somebody_deleted_is_made_anew_within_a_look(led: World) -> None:
    await led.admin.delete(LEASE, led.namespace, NAME)

    assert await look(led) == 1
    await led.run(fresh=False)

    assert "holderIdentity" not in ((await led.get(LEASE, NAME)).get("spec") or {})
    assert (await led.conditions())["ChannelsActive"] == ("True", "LeaderChanging")
    assert await look(led) == 0


async def test_channels_that_are_off_have_a_leader_and_need_none(led: World) -> None:
    await led.change({"channels": {"enabled": False}})
    await led.run()
    await led.rolled_out()
    await led.run()
    assert (await leader(led))["pod"] == "acme-engine-0"
    await renew(led)
    await look(led)

    led.pass_time(15)
    assert await look(led) == 1
    led.pass_time(200)
    await led.run()

    conditions = await led.conditions()
    assert (conditions["Ready"], conditions["ChannelsActive"]) == (
        ("True", "Ready"),
        ("False", "Disabled"),
    )


async def test_a_named_pod_is_wished_for_on_the_lease_until_the_name_goes(led: World) -> None:
    engine = await led.get(DEPLOYMENT, "acme-engine")
    pod = (await led.pod(engine, "engine", READY))["metadata"]["name"]

    await led.annotate({"polyant.ai/promote": pod})
    assert await led.run() == 2
    assert await wished(led) == pod
    await led.admin.delete(POD, led.namespace, pod)
    await led.run()
    assert await wished(led) == pod
    await led.annotate({"polyant.ai/promote": None})
    await led.run()

    assert await wished(led) is None
    assert (await led.get(LEASE, NAME))["spec"]["holderIdentity"] == "acme-engine-0_0a1b2c3d"


async def wished(world: World) -> str | None:
    annotations: dict[str, str] = (await world.get(LEASE, NAME))["metadata"]["annotations"]
    return annotations.get("polyant.ai/promote")


@pytest.mark.parametrize("name", ["nobody", "acme-web-1"])
async def test_a_name_of_no_ready_engine_moves_nobody_and_is_told_once(
    led: World, name: str
) -> None:
    await led.annotate({"polyant.ai/promote": name})
    for _ in range(3):
        await led.run()

    said = [event async for event in led.admin.walk(EVENT, led.namespace)]
    (refusal,) = [event["message"] for event in said if event["reason"] == "PromotionRefused"]
    assert f"names {name}, which is no ready engine pod" in refusal
    assert await wished(led) is None
    assert led.client.writes == []

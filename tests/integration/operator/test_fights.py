"""Somebody else wants our objects otherwise, again and again: a limited fight, told with a name."""

import pytest

from polyant_operator.kube.client import MERGE
from polyant_operator.kube.fights import FREE
from polyant_operator.kube.kinds import (
    DEPLOYMENT,
    EVENT,
    INSTANCE,
    JOB,
    ROLE,
    SECRET,
    SERVICE,
    Kind,
)
from support import apiserver, crashes, kstatus, operator_world
from support.operator_world import World

pytestmark = pytest.mark.integration


async def edit(world: World, surge: int) -> None:
    patch = {"spec": {"strategy": {"rollingUpdate": {"maxSurge": surge}}}}
    await world.admin.request(
        "PATCH",
        DEPLOYMENT,
        DEPLOYMENT.path(world.namespace, "acme-web"),
        body=patch,
        query={"fieldManager": "rival"},
        content_type=MERGE,
    )


async def test_a_controller_that_undoes_every_repair_is_named_and_slows_us_down(
    world: World,
) -> None:
    await world.bring_up()
    for surge in range(2, FREE + 2):
        await edit(world, surge)
        await world.run()
        await world.rolled_out()
    await world.run()
    assert (await world.conditions())["Ready"] == ("True", "Ready"), "a few repairs are no trouble"

    await edit(world, 9)
    world.client.writes.clear()
    assert await world.run() == 5

    assert [write for write in world.client.writes if "deployments" in write] == []
    instance = await world.get(INSTANCE, "acme")
    assert kstatus.compute(instance) == kstatus.IN_PROGRESS
    assert (await world.conditions())["Reconciling"] == ("True", "DriftRepeats")
    message = await world.message("Ready")
    assert f"Deployment acme-web was changed and put back {FREE} times" in message
    assert "the last change was by field manager rival" in message
    said = [event async for event in world.admin.walk(EVENT, world.namespace)]
    (event,) = [each for each in said if each["reason"] == "DriftRepeats"]
    assert event["type"] == "Warning"

    world.pass_time(6)
    await world.run()
    await world.rolled_out()
    await world.run()
    assert (await world.conditions())["Ready"] == ("True", "Ready")


async def test_an_autoscaler_that_the_spec_does_not_know_of_makes_no_pods_come_and_go(
    world: World,
) -> None:
    """Kubernetes' own scales through `/scale`, every 15 seconds, and leaves no name behind."""
    await world.bring_up()
    for _ in range(FREE):
        await world.admin.scale(DEPLOYMENT, world.namespace, "acme-engine", 3)
        await world.run()
        await world.rolled_out()
    await world.run()
    assert (await world.conditions())["Ready"] == ("True", "Ready"), "by hand it is no trouble"

    await world.admin.scale(DEPLOYMENT, world.namespace, "acme-engine", 3)
    assert await world.run() == 5

    assert (await world.get(DEPLOYMENT, "acme-engine"))["spec"]["replicas"] == 3
    assert (await world.conditions())["Reconciling"] == ("True", "DriftRepeats")
    message = await world.message("Ready")
    assert f"acme-engine was scaled by somebody else and put back to 1 {FREE} times" in message
    assert "set spec.engine.externalScaling to true" in message


async def test_replicas_that_the_spec_asks_for_are_never_held_back(world: World) -> None:
    await world.bring_up()
    for replicas in (2, 1) * FREE:
        await world.change({"engine": {"replicas": replicas}})
        await world.run()

        deployment = await world.get(DEPLOYMENT, "acme-engine")
        assert deployment["spec"]["replicas"] == replicas
    assert "DriftRepeats" not in str(await world.conditions())


async def test_two_operators_with_other_settings_do_not_fight_at_the_speed_of_events(
    server: apiserver.ApiServer,
) -> None:
    """Each has its own release and Lease by mistake: both lead, and both want another image."""
    async with (
        operator_world.world(server) as first,
        operator_world.world(server, namespace=first.namespace) as second,
    ):
        second.client.judged = first.client.judged
        await first.create()
        for world in (first, second):
            await world.run()
        applied = 0
        for _ in range(3 * FREE):
            for world, label in ((first, "one"), (second, "two")):
                patch = {"metadata": {"annotations": {"polyant.ai/applied": label}}}
                await world.admin.merge(ROLE, world.namespace, "acme-engine", patch)
                world.client.writes.clear()
                await world.run()
                applied += len([each for each in world.client.writes if "/roles/" in each])

        assert applied <= 2 * (FREE + 1)
        assert (await first.conditions())["Ready"][1] == "DriftRepeats"


async def test_every_child_that_a_user_deletes_comes_back(world: World) -> None:
    await world.bring_up()
    before = await everything(world)

    for kind, name in before:
        await world.admin.delete(kind, world.namespace, name)
        await world.run()
        if kind == DEPLOYMENT:
            await world.rolled_out(name)
    await world.run()

    assert await everything(world) == before
    assert (SERVICE, "acme-web") in before


async def everything(world: World) -> list[tuple[Kind, str]]:
    """All but Jobs, which are the gate's, and Secrets with values that cannot be made anew."""
    kinds = [kind for kind in crashes.KINDS if kind not in (JOB, SECRET)]
    return [(kind, name) for kind in kinds for name in await world.names(kind)]

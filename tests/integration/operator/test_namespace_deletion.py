"""A namespace is deleted around its instance: the operator lets go of it at once, and quietly."""

import pytest

from polyant_operator.kube.kinds import DEPLOYMENT, EVENT, INSTANCE, STATEFUL_SET
from support import apiserver, kstatus
from support.operator_world import World

pytestmark = pytest.mark.integration


def status_of(world: World) -> str:
    return f"PATCH {INSTANCE.path(world.namespace, 'acme')}/status"


async def test_a_pass_in_the_middle_ends_at_the_first_refusal_and_says_why_once(
    server: apiserver.ApiServer, world: World
) -> None:
    """Nobody finishes the deletion here, so the instance lives on."""

    async def delete() -> None:
        server.kubectl("delete", "namespace", world.namespace, "--wait=false")

    await world.create()
    world.client.dies_after, world.client.instead = 4, delete

    assert await world.run() is None, "nothing is tried again"

    after = world.client.writes[4:]
    assert [write for write in after if "/secrets/" not in write] == [status_of(world)]
    assert (await world.conditions())["Ready"] == ("False", "NamespaceTerminating")
    instance = await world.get(INSTANCE, "acme")
    assert kstatus.compute(instance) == kstatus.IN_PROGRESS, "no noise of a person being needed"
    said = [event async for event in world.admin.walk(EVENT, world.namespace)]
    assert [event for event in said if event["reason"] == "NamespaceTerminating"] == []


async def test_what_the_deletion_takes_away_is_not_put_back_not_even_by_asking(
    server: apiserver.ApiServer, world: World
) -> None:
    await world.bring_up()
    server.kubectl("delete", "namespace", world.namespace, "--wait=false")
    world.client.writes.clear()

    for kind, name in ((STATEFUL_SET, "acme-database"), (DEPLOYMENT, "acme-web")):
        await world.admin.delete(kind, world.namespace, name)
        await world.run()

    assert world.client.writes == [status_of(world)]
    assert await world.names(STATEFUL_SET) == []


async def test_an_operator_that_starts_meanwhile_writes_nothing_that_is_said_already(
    server: apiserver.ApiServer, world: World
) -> None:
    await world.create()
    server.kubectl("delete", "namespace", world.namespace, "--wait=false")
    await world.run()
    world.restart()

    await world.run()

    assert world.client.writes == []

"""An instance that is moved to another shard: its new operator takes everything over, and nothing runs twice."""

import pytest

from polyant_operator.handlers.queue import Key, WorkQueue
from polyant_operator.handlers.resync import Resync
from polyant_operator.kube.bucket import TokenBucket
from polyant_operator.kube.kinds import DEPLOYMENT, INSTANCE, SERVICE
from support.operator_world import World

pytestmark = pytest.mark.integration

SHARD = "polyant.ai/shard"


async def never(_: Key) -> float | None:
    raise AssertionError("nothing is worked on here")


async def look(world: World, shard: str) -> None:
    """Let the operator of a shard, just started, know what is its own."""
    world.restart()
    queue = WorkQueue(never, TokenBucket(1, 1), lambda: 0.0)
    scope = (world.namespace,), world.tools.discovery, shard
    await Resync(world.client, world.tools.cache, queue, *scope).once()


async def test_an_operator_sees_nothing_of_another_shard(world: World) -> None:
    await world.bring_up()

    await look(world, "b")

    assert world.tools.cache.refs(INSTANCE) == set()
    assert world.tools.cache.children(world.namespace, "acme") == {}


async def test_a_moved_instance_is_taken_over_without_a_second_migration(world: World) -> None:
    await world.bring_up()
    await world.admin.merge(
        INSTANCE, world.namespace, "acme", {"metadata": {"labels": {SHARD: "b"}}}
    )

    await look(world, "b")
    await world.run(fresh=False)
    await world.rolled_out()  # an annotation makes a new generation of a Deployment
    for _ in range(2):
        await look(world, "b")
        await world.run(fresh=False)

    assert world.client.writes == [], "the last look found everything in its place"
    assert len(await world.jobs()) == 1
    for kind, name in ((DEPLOYMENT, "acme-engine"), (SERVICE, "acme-web")):
        assert (await world.get(kind, name))["metadata"]["labels"][SHARD] == "b"
    assert (await world.conditions())["Ready"] == ("True", "Ready")
    await look(world, "")
    assert world.tools.cache.children(world.namespace, "acme") == {}, "the old operator let go"


async def test_pods_do_not_roll_because_their_instance_moved(world: World) -> None:
    await world.bring_up()
    before = (await world.get(DEPLOYMENT, "acme-engine"))["spec"]["template"]
    await world.admin.merge(
        INSTANCE, world.namespace, "acme", {"metadata": {"labels": {SHARD: "b"}}}
    )

    await look(world, "b")
    await world.run(fresh=False)

    assert (await world.get(DEPLOYMENT, "acme-engine"))["spec"]["template"] == before

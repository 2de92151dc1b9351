"""An instance that is deleted, and a new one of the same name: what is adopted and what is waited for."""

import pytest

from polyant_operator.kube.kinds import CHILDREN, INSTANCE, JOB, OPTIONAL, SECRET, SERVICE, Kind
from support.operator_world import World

pytestmark = pytest.mark.integration


async def test_the_key_of_a_deleted_instance_is_adopted_by_a_new_one(world: World) -> None:
    await world.bring_up()
    await world.run()
    key = (await world.get(SECRET, "acme-encryption-key"))["data"]
    await delete_with_children(world)

    await world.create()
    await world.run()

    secret = await world.get(SECRET, "acme-encryption-key")
    assert secret["data"] == key
    assert "polyant.ai/unconfirmed" not in secret["metadata"]["annotations"]
    assert len(await world.jobs()) == 1


async def test_children_of_a_deleted_namesake_are_waited_for(world: World) -> None:
    await world.create()
    await world.run()
    await world.admin.delete(INSTANCE, world.namespace, "acme")
    await world.create()
    world.client.writes.clear()

    assert await world.run() == 2

    assert (await world.conditions())["Reconciling"] == ("True", "Progressing")
    assert len(world.client.writes) == 1


async def test_children_of_a_namesake_that_went_unseen_keep_nobody_waiting(world: World) -> None:
    await world.create()
    await world.run()
    await world.look()
    await delete_with_children(world)
    world.tools.cache.put(await world.create())

    await world.run(fresh=False)

    assert (await world.conditions())["Ready"] != ("False", "Progressing")
    assert "acme-engine" in await world.names(SERVICE)


async def test_a_namesakes_job_that_is_still_there_is_no_conflict(world: World) -> None:
    await world.bring_up()
    await world.run()
    (job,) = await world.jobs()
    await delete_with_children(world, keep=(JOB,))
    world.tools.cache.put(await world.create())

    assert await world.run() == 2
    assert (await world.conditions())["Reconciling"] == ("True", "Progressing")

    await world.admin.delete(JOB, world.namespace, job["metadata"]["name"])
    await world.run()
    assert len(await world.jobs()) == 1


async def test_a_restored_auth_secret_without_its_digest_key_is_named(world: World) -> None:
    name, labelled = "acme-auth-secrets", {"metadata": {"labels": {"polyant.ai/instance": "acme"}}}
    await world.secret(name, AUTH_SECRET="a" * 32, AUTH_INTERNAL_SECRET="b" * 32)
    await world.admin.merge(SECRET, world.namespace, name, labelled)
    await world.create()

    await world.run()

    assert "DIGEST_KEY" in await world.message("Ready")


async def delete_with_children(world: World, keep: tuple[Kind, ...] = ()) -> None:
    """Delete the instance, and what the garbage collector would take with it."""
    uid = (await world.get(INSTANCE, "acme"))["metadata"]["uid"]
    await world.admin.delete(INSTANCE, world.namespace, "acme")
    for kind in (kind for kind in CHILDREN if kind not in (*keep, *OPTIONAL)):
        async for child in world.admin.walk(kind, world.namespace):
            owners = child["metadata"].get("ownerReferences", [])
            if uid in [owner["uid"] for owner in owners]:
                await world.admin.delete(kind, world.namespace, child["metadata"]["name"])

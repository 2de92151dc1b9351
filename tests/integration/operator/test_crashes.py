"""The operator dies after its k-th write, for every k: the same end state follows."""

import asyncio
from typing import Any

import pytest

from polyant_operator.kube import errors
from polyant_operator.kube.kinds import CHILDREN, INSTANCE, SECRET
from support import apiserver, operator_world
from support.operator_world import Crash, World

pytestmark = pytest.mark.integration


async def live_through(
    world: World, dies_after: int | None, of: type[BaseException] = Crash
) -> int:
    """Bring an instance up, starting a dead operator anew; returns the writes."""
    total = 0
    world.client.dies_of = of

    async def settle(deaths: int | None) -> int:
        """Run until a pass neither dies nor writes."""
        written = 0
        while True:
            world.client.dies_after = deaths
            try:
                await world.run()
            except Crash:
                written += len(world.client.writes)
                world.restart()
                deaths = None
                continue
            except errors.Unavailable:
                # The write was done, only its answer was lost: the same process tries again.
                deaths = None
                world.client.dies_after = None
                continue
            if not world.client.writes:
                return written
            written += len(world.client.writes)
            deaths = None if deaths is None else max(1, deaths - len(world.client.writes))
            world.client.writes.clear()

    await world.create()
    left = dies_after
    for step in (world.database_ready, world.end_job_well, world.rolled_out):
        done = await settle(left)
        left = None if left is None or done >= left else left - done
        total += done
        await step()
    return total + await settle(left)


async def end_state(world: World) -> dict[str, Any]:
    """Everything that exists, without what differs by nature."""
    state: dict[str, Any] = {}
    for kind in (*CHILDREN, SECRET):
        async for obj in world.admin.walk(kind, world.namespace):
            metadata = obj["metadata"]
            annotations = sorted(metadata.get("annotations", {}))
            owners = [owner["name"] for owner in metadata.get("ownerReferences", [])]
            name = metadata["name"].split("-migrate-")[0]
            state[f"{kind.kind}/{name}"] = (annotations, owners, sorted(metadata["labels"]))
    conditions = await world.conditions()
    return {**state, "conditions": conditions, "count": len(await world.jobs())}


async def test_the_operator_may_die_after_any_of_its_writes(server: apiserver.ApiServer) -> None:
    async with operator_world.world(server) as calm:
        writes = await live_through(calm, None)
        expected = await end_state(calm)
    assert expected["conditions"]["Ready"] == ("True", "Ready")
    assert writes > 20

    for k in range(1, writes + 1):
        async with operator_world.world(server) as world:
            await live_through(world, k)
            assert await end_state(world) == expected, f"after death at write {k}"
            instance = await world.get(INSTANCE, "acme")
            assert instance["metadata"].get("finalizers") is None


async def test_the_answer_to_any_write_may_be_lost(server: apiserver.ApiServer) -> None:
    async with operator_world.world(server) as calm:
        writes = await live_through(calm, None)
        expected = await end_state(calm)

    for k in range(1, writes + 1, 3):
        async with operator_world.world(server) as world:
            await live_through(world, k, errors.Unavailable)
            assert await end_state(world) == expected, f"after a lost answer to write {k}"


async def test_two_operators_at_one_time_make_one_of_everything(
    server: apiserver.ApiServer,
) -> None:
    """An old leader that does not know it has lost, and the new one."""
    async with (
        operator_world.world(server) as first,
        operator_world.world(server, namespace=first.namespace) as second,
    ):
        await first.create()
        await asyncio.gather(first.look(), second.look())

        await asyncio.gather(first.run(fresh=False), second.run(fresh=False))

        assert len(await first.names(SECRET)) == 4
        assert len(await first.jobs()) == 1
        assert (await first.conditions())["Reconciling"][0] == "True"
        tried = first.client.writes + second.client.writes
        assert len([write for write in tried if write.endswith("/secrets")]) == 4

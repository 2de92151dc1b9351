"""The operator dies after its k-th write, or loses its answer, for every k: the same end follows."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pytest

from polyant_operator.kube import errors
from polyant_operator.kube.kinds import INSTANCE, SECRET
from support import apiserver, crashes, operator_world
from support.crashes import Act, Life, change, create, job_ends, ready_by_cluster
from support.operator_world import World

pytestmark = pytest.mark.integration

EXTERNAL: Final[dict[str, Any]] = {"database": {"urlSecretRef": {"name": "db"}}}
URL = "postgresql://u:p@host:5432/d"


async def database(world: World) -> None:
    await world.secret("db", uri=URL)


async def confirm_loss(world: World) -> None:
    uid = (await world.get(INSTANCE, "acme"))["metadata"]["uid"]
    await world.annotate({"polyant.ai/confirm-data-loss": uid})


async def delete(world: World) -> None:
    await world.admin.delete(INSTANCE, world.namespace, "acme")
    await crashes.collect(world)


UP: Final[tuple[Act, ...]] = (
    create(),
    World.database_ready,
    World.end_job_well,
    ready_by_cluster,
)
LIVES: Final[dict[str, Life]] = {
    "created with an embedded database": Life(acts=UP),
    "created with an external database": Life(
        acts=(database, create(EXTERNAL), World.end_job_well, ready_by_cluster)
    ),
    "updated with a migration": Life(
        before=UP, acts=(change(version="9.9.9"), World.end_job_well, ready_by_cluster)
    ),
    "a failed migration, then a fix": Life(
        before=UP,
        acts=(
            change(version="9.9.9"),
            job_ends(66),
            change(version="9.9.10"),
            World.end_job_well,
            ready_by_cluster,
        ),
    ),
    "another edge": Life(
        before=UP,
        acts=(
            change(edge={"type": "Ingress", "host": "chat.test", "className": "c"}),
            ready_by_cluster,
            change(edge={"type": "External", "host": "chat.test", "className": None}),
            ready_by_cluster,
            change(edge=None),
            ready_by_cluster,
        ),
    ),
    "scaled": Life(before=UP, acts=(change(engine={"replicas": 3}), ready_by_cluster)),
    "another deletion policy": Life(
        before=UP,
        acts=(change(deletionPolicy="Delete"), confirm_loss, change(deletionPolicy="Retain")),
    ),
    "deleted and created anew": Life(
        before=UP,
        acts=(delete, create(), World.database_ready, World.end_job_well, ready_by_cluster),
    ),
}


@pytest.fixture
def every(request: pytest.FixtureRequest) -> int:
    """All points are minutes of work: each run takes its share, `--every-crash-point` takes all."""
    return 1 if request.config.getoption("--every-crash-point") else 10


@pytest.mark.parametrize("name", LIVES)
async def test_the_operator_may_die_after_any_write_of_a_life(
    server: apiserver.ApiServer,
    name: str,
    every: int,
    record_property: Callable[[str, object], None],
) -> None:
    points = await crashes.at_every_write(server, LIVES[name], every=every)

    record_property("crash points", points)
    assert points > 0


@pytest.mark.parametrize("name", LIVES)
async def test_the_answer_to_any_write_of_a_life_may_be_lost(
    server: apiserver.ApiServer, name: str, every: int
) -> None:
    lost = errors.Unavailable
    assert (
        await crashes.at_every_write(server, LIVES[name], of=lost, every=1 if every == 1 else 20)
        > 0
    )


async def test_an_instance_may_be_deleted_at_any_write_of_its_creation(
    server: apiserver.ApiServer, every: int
) -> None:
    """What the unknowing pass still makes is collected, and a namesake comes up from what is left."""
    async with crashes.place(server) as world:
        calm = await crashes.live(world, Life(before=UP, acts=(delete, *UP)))
        await world.create(name="probe")
        await world.run("probe")
        first_pass = len(world.client.writes)

    async def deleted_at(k: int) -> None:
        async with crashes.place(server) as world:
            await world.create()
            world.client.instead = lambda: world.admin.delete(INSTANCE, world.namespace, "acme")
            world.client.dies_after = k
            await world.run()
            await crashes.collect(world)
            assert await world.names(INSTANCE) == []
            owned = [each for each in await crashes.end_state(world) if "Secret/" not in each]
            assert owned == [], "what is left belongs to nobody"
            world.client.dies_after = None
            again = await crashes.live(world, Life(acts=UP))
            assert again.end == calm.end, f"another end after a deletion at write {k}"

    assert first_pass > 10
    await asyncio.gather(*map(deleted_at, range(1, first_pass + 1, every)))


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

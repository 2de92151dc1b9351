"""The fence on a real PostgreSQL: each weaker lock lets an old write through, ours does not."""

import asyncio
import json
import random
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import polyant_engine
from polyant_engine.core import database
from polyant_engine.core.database import Database, Target
from polyant_engine.leadership import fence
from polyant_engine.leadership.fence import Fence, Guarded, LeadershipLost, Term
from polyant_engine.leadership.terms import Promotion
from support.postgres import Server

pytestmark = pytest.mark.integration

LEADERS = 4
SECONDS = 2.0
ME = "somebody"
JOURNAL = """
-- name: write
INSERT INTO journal (epoch) SELECT $1::bigint FROM guard RETURNING epoch;
-- name: touch
UPDATE journal SET epoch = $1 FROM guard WHERE journal.epoch = $3::bigint RETURNING journal.epoch;
"""
STATEMENTS = fence.parse_guarded("test", JOURNAL)
PROMOTE_ROW = "UPDATE fence SET epoch = epoch + 1, term = gen_random_uuid()"
OLDER = "SELECT count(*) FROM journal WHERE epoch < $1"


@pytest.fixture
async def pool(server: Server, migrated: str) -> AsyncIterator[Database]:
    async with database.opened(Target(dsn=server.url(migrated)), size=20) as found:
        await found.execute("CREATE TABLE journal (epoch bigint)")
        yield found


@pytest.fixture
def guard(pool: Database) -> Fence:
    return Fence(database=pool)


async def promoted(guard: Fence, lease_epoch: int = 0) -> Term:
    return await Promotion(database=guard.database, holder=ME).begin(lease_epoch, uuid.uuid4())


async def test_a_leader_writes_and_sees_what_it_wrote(guard: Fence) -> None:
    term = await promoted(guard)

    rows = await guard.run(STATEMENTS["write"], term)

    assert [row["epoch"] for row in rows] == [term.epoch]


async def test_nothing_to_do_is_no_refusal(guard: Fence) -> None:
    term = await promoted(guard)

    assert await guard.run(STATEMENTS["touch"], term, -1) == []
    assert not term.is_over


async def test_an_old_term_writes_nothing_and_knows_it(pool: Database, guard: Fence) -> None:
    old, _ = await promoted(guard), await promoted(guard)

    with pytest.raises(LeadershipLost):
        await guard.run(STATEMENTS["write"], old)

    assert old.is_over
    assert await pool.fetchval("SELECT count(*) FROM journal") == 0


async def test_an_epoch_that_a_failover_brought_back_is_nobodys(
    pool: Database, guard: Fence
) -> None:
    """The database forgets a promotion, somebody else gets the same epoch: the term tells them apart."""
    before = await promoted(guard)
    await pool.execute("UPDATE fence SET epoch = epoch - 1")
    after = await promoted(guard)

    assert before.epoch == after.epoch
    with pytest.raises(LeadershipLost):
        await guard.run(STATEMENTS["write"], before)
    assert await guard.run(STATEMENTS["write"], after)


async def test_a_promotion_goes_above_what_the_lease_remembers(guard: Fence) -> None:
    assert (await promoted(guard, lease_epoch=41)).epoch == 42


@pytest.mark.parametrize(
    ("lock", "is_safe"), [("FOR SHARE", True), ("FOR KEY SHARE", False), ("", False)]
)
async def test_a_weaker_lock_lets_the_promotion_pass(
    server: Server, migrated: str, guard: Fence, lock: str, *, is_safe: bool
) -> None:
    """A write stands between its guard and its commit; may the row be promoted meanwhile?"""
    term = await promoted(guard)
    writer, promoter = [await asyncpg.connect(server.url(migrated)) for _ in range(2)]
    try:
        text = STATEMENTS["write"].sql.replace("FOR SHARE", lock)
        async with writer.transaction():
            assert await writer.fetch(text, term.epoch, term.id)
            await promoter.execute("SET lock_timeout = '100ms'")
            waited = False
            try:
                await promoter.execute(PROMOTE_ROW)
            except asyncpg.LockNotAvailableError:
                waited = True
    finally:
        await writer.close()
        await promoter.close()

    assert waited is is_safe


async def test_a_write_that_waited_for_a_promotion_is_refused(
    server: Server, migrated: str, guard: Fence
) -> None:
    """Its snapshot still shows its own epoch, the row does not."""
    term = await promoted(guard)
    promoter = await asyncpg.connect(server.url(migrated))
    try:
        async with promoter.transaction():
            await promoter.execute(PROMOTE_ROW)
            late = asyncio.create_task(guard.run(STATEMENTS["write"], term))
            await until_waiting(promoter)
        with pytest.raises(LeadershipLost):
            await late
    finally:
        await promoter.close()


async def test_a_promotion_that_was_rolled_back_changes_nothing(
    server: Server, migrated: str, guard: Fence
) -> None:
    term = await promoted(guard)
    promoter = await asyncpg.connect(server.url(migrated))
    try:
        undone = promoter.transaction()
        await undone.start()
        await promoter.execute(PROMOTE_ROW)
        late = asyncio.create_task(guard.run(STATEMENTS["write"], term))
        await until_waiting(promoter)
        await undone.rollback()

        assert await late
    finally:
        await promoter.close()


async def until_waiting(connection: asyncpg.Connection) -> None:
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while not await connection.fetchval(query):  # noqa: ASYNC110  the database has no event
        await asyncio.sleep(0.01)


async def test_racing_leaders_never_write_after_a_newer_promotion(
    pool: Database, guard: Fence
) -> None:
    """Rows of older epochs are counted right after each promotion; none is ever added later."""
    counted: dict[int, int] = {}
    work: list[asyncio.Task[None]] = []
    written, refused = 0, 0
    chance = random.Random(5)  # noqa: S311  pauses of a test
    end = asyncio.get_running_loop().time() + SECONDS

    async def writes(term: Term) -> None:
        nonlocal written, refused
        try:
            while asyncio.get_running_loop().time() < end:
                await guard.run(STATEMENTS["write"], term)
                written += 1
        except LeadershipLost:
            refused += 1

    async def leads() -> None:
        while asyncio.get_running_loop().time() < end:
            term = await promoted(guard)
            counted[term.epoch] = await pool.fetchval(OLDER, term.epoch)
            work.extend(asyncio.create_task(writes(term)) for _ in range(2))
            await asyncio.sleep(chance.uniform(0, 0.05))

    await asyncio.gather(*(leads() for _ in range(LEADERS)))
    await asyncio.gather(*work)

    later = {epoch: await pool.fetchval(OLDER, epoch) for epoch in counted}
    assert counted == later
    assert written > 100
    assert refused > 20


def guarded_statements() -> Iterator[Guarded]:
    yield from STATEMENTS.values()
    for path in Path(polyant_engine.__file__).parent.rglob("guarded.sql"):
        yield from fence.load_guarded(f"polyant_engine.{path.parent.name}").values()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def test_in_its_plan_every_guarded_change_depends_on_the_guard(pool: Database) -> None:
    for number, statement in enumerate(guarded_statements()):
        count = max(map(int, re.findall(r"\$(\d+)", statement.sql)))
        async with pool.connection() as connection, connection.transaction():
            await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            await connection.execute(f"PREPARE p{number} AS {statement.sql}")
            nulls = ", ".join(["NULL"] * count)
            plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE p{number}({nulls})")
            found = [
                n for n in nodes(json.loads(plan)[0]["Plan"]) if n["Node Type"] == "ModifyTable"
            ]

        assert found, statement.name
        for change in found:
            assert any(n.get("CTE Name") == "guard" for n in nodes(change)), statement.name

"""The pool against a real server: what it does not do, and what it makes of losses."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from polyant_engine.core import database, errors
from polyant_engine.core.database import Database, Target
from support import postgres
from support.postgres import Server

pytestmark = pytest.mark.integration


@pytest.fixture
def statements() -> list[str]:
    return []


@pytest_asyncio.fixture
async def pool(server: Server, empty: str, statements: list[str]) -> AsyncIterator[Database]:
    target = Target(dsn=server.url(empty))
    async with database.opened(target, size=2, on_statement=statements.append) as found:
        yield found


async def test_a_statement_is_one_round_trip(pool: Database, statements: list[str]) -> None:
    await pool.fetchval("SELECT 1")
    await asyncio.sleep(0)  # asyncpg tells a turn of the loop later
    statements.clear()

    await pool.fetchval("SELECT 1")
    await pool.fetchrow("SELECT 2")
    await asyncio.sleep(0)

    assert statements == ["SELECT 1", "SELECT 2"]


async def test_a_transaction_is_undone_when_its_block_fails(pool: Database) -> None:
    await pool.execute("CREATE TABLE things (id int)")

    async def insert_and_fail() -> None:
        async with pool.transaction() as connection:
            await connection.execute("INSERT INTO things VALUES (1)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await insert_and_fail()

    assert await pool.fetchval("SELECT count(*) FROM things") == 0


async def test_jsonb_goes_in_and_out_as_values(pool: Database) -> None:
    value = {"a": [1, None, "ü", {"b": True}]}

    assert await pool.fetchval("SELECT $1::jsonb", value) == value


async def test_rows_are_appended_by_copy(pool: Database) -> None:
    await pool.execute("CREATE TABLE things (id int, name text)")

    await pool.copy("things", ["id", "name"], [(1, "a"), (2, "b")])

    assert await pool.fetchval("SELECT count(*) FROM things") == 2


async def test_a_cut_connection_is_unavailable_and_the_next_works(pool: Database) -> None:
    with pytest.raises(errors.DatabaseUnavailable):
        await pool.fetchval("SELECT pg_terminate_backend(pg_backend_pid())")

    assert await pool.fetchval("SELECT 1") == 1


async def test_a_violated_constraint_keeps_its_own_error(pool: Database) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute(
            "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)"
        )


async def test_a_wrong_argument_is_a_bug_not_an_outage(pool: Database) -> None:
    with pytest.raises(asyncpg.exceptions.DataError):
        await pool.fetchval("SELECT $1::int", "one")


async def test_a_server_that_is_not_there_is_unavailable_when_it_is_asked() -> None:
    target = Target(dsn=f"postgresql://u@127.0.0.1:{postgres.free_port()}/d")
    async with database.opened(target, size=1) as found:
        with pytest.raises(errors.DatabaseUnavailable):
            await found.fetchval("SELECT 1")


async def test_the_server_knows_who_we_are(pool: Database) -> None:
    assert await pool.fetchval("SHOW application_name") == "polyant-engine"
    assert await pool.fetchval("SHOW jit") == "off"


def test_a_target_does_not_show_its_password() -> None:
    assert "hunter2" not in repr(Target(dsn="postgresql://u:hunter2@h/d"))

"""Connections are lent again and again, and only as long as they are unharmed."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from polyant_engine.core import database, errors
from polyant_engine.core.database import Database, Target
from support.postgres import Server

pytestmark = pytest.mark.integration
SIZE = 2
ME = "SELECT pg_backend_pid()"


@pytest_asyncio.fixture
async def pool(server: Server, empty: str) -> AsyncIterator[Database]:
    async with database.opened(Target(dsn=server.url(empty)), size=SIZE) as found:
        yield found


async def test_the_same_connection_serves_one_after_the_other(pool: Database) -> None:
    assert len({await pool.fetchval(ME) for _ in range(5)}) == 1


async def test_more_borrowers_than_connections_wait_for_their_turn(pool: Database) -> None:
    async def borrow() -> int:
        async with pool.connection() as connection:
            await connection.execute("SELECT pg_sleep(0.01)")
            pid: int = await connection.fetchval(ME)
            return pid

    pids = await asyncio.gather(*(borrow() for _ in range(20)))

    assert len(set(pids)) == SIZE


async def test_nobody_waits_for_ever(pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "ACQUIRE_TIMEOUT_SECONDS", 0.1)
    async with pool.connection(), pool.connection():
        with pytest.raises(errors.DatabaseUnavailable):
            await pool.fetchval("SELECT 1")

    assert await pool.fetchval("SELECT 1") == 1


async def test_a_cancelled_statement_frees_its_place(pool: Database) -> None:
    for _ in range(SIZE + 1):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pool.execute("SELECT pg_sleep(5)"), 0.05)

    assert await asyncio.gather(*(pool.fetchval("SELECT 1") for _ in range(4))) == [1] * 4


async def test_a_failed_statement_leaves_nothing_behind(pool: Database) -> None:
    for _ in range(SIZE + 1):
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with pool.transaction() as connection:
                await connection.fetchval("SELECT 1 / 0")

    async with pool.connection() as borrowed:
        assert not borrowed.is_in_transaction()


async def test_a_transaction_left_open_is_not_lent_to_the_next(pool: Database) -> None:
    async with pool.connection() as connection:
        await connection.execute("BEGIN")

    async with pool.connection() as connection:
        assert not connection.is_in_transaction()


async def test_a_connection_idle_for_long_goes_back_to_the_pool(
    pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pool.connection(), pool.connection():
        pass
    assert len(pool._loans._free) == SIZE
    monkeypatch.setattr(database, "IDLE_CONNECTION_SECONDS", 0.0)
    await asyncio.sleep(0.01)

    await pool.fetchval("SELECT 1")

    assert len(pool._loans._free) == 1

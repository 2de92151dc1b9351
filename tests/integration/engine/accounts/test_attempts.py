"""The counter of sign-in attempts under real concurrency."""

import asyncio
from datetime import timedelta

import pytest

from polyant_engine.accounts.postgres import AttemptStore
from polyant_engine.core import database
from polyant_engine.core.database import Target
from support.postgres import Server

pytestmark = pytest.mark.integration

WINDOW = timedelta(minutes=5)
BUCKET = b"somebody"


async def test_concurrent_attempts_over_two_pools_are_each_counted_once(
    server: Server, migrated: str
) -> None:
    target = Target(dsn=server.url(migrated))
    async with (
        database.opened(target, size=10) as first,
        database.opened(target, size=10) as second,
    ):
        stores = (AttemptStore(first), AttemptStore(second))
        counting = [stores[number % 2].count(BUCKET, WINDOW) for number in range(300)]
        counted = await asyncio.gather(*counting)

    assert sorted(attempts.count for attempts in counted) == list(range(1, 301))


async def test_a_window_that_is_over_starts_anew(server: Server, migrated: str) -> None:
    async with database.opened(Target(dsn=server.url(migrated)), size=1) as pool:
        store = AttemptStore(pool)
        await store.count(BUCKET, WINDOW)
        await store.count(BUCKET, WINDOW)
        await pool.execute("UPDATE login_limits SET window_started_at = now() - interval '301 s'")

        attempts = await store.count(BUCKET, WINDOW)

    assert attempts.count == 1
    assert 299 <= attempts.retry_after_seconds <= 300


async def test_clearing_forgets_the_bucket_and_what_is_long_over(
    server: Server, migrated: str
) -> None:
    async with database.opened(Target(dsn=server.url(migrated)), size=1) as pool:
        store = AttemptStore(pool)
        for bucket in (BUCKET, b"old", b"recent"):
            await store.count(bucket, WINDOW)
        await pool.execute(
            "UPDATE login_limits SET window_started_at = now() - interval '1 h' WHERE bucket = $1",
            b"old",
        )

        await store.clear(BUCKET, WINDOW)

        left = await pool.fetchval("SELECT array_agg(bucket) FROM login_limits")
    assert left == [b"recent"]

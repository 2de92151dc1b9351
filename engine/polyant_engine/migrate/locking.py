"""One migration at a time: a session lock, polled with a deadline, gone when its holder dies."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import asyncpg

from polyant_engine.core.clock import Clock
from polyant_engine.core.queries import load_queries
from polyant_engine.migrate.failures import MigrationFailed

LOCK = 0x706F_6C79_616E_7401  # "polyant" and a number
PAUSE_SECONDS = 0.5
PROGRESS_SECONDS = 5.0

_queries = load_queries("polyant_engine.migrate")
_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def alone(
    connection: asyncpg.Connection, wait_seconds: float, clock: Clock
) -> AsyncIterator[None]:
    """Hold the lock; the end of the connection releases it."""
    started = told = clock.monotonic()
    while not await connection.fetchval(_queries["try_lock"], LOCK):
        now = clock.monotonic()
        if now - started >= wait_seconds:
            raise MigrationFailed(
                f"Another migration has been running for {wait_seconds:.0f} s:"
                f" {await _holder(connection)}.",
                "Let it end, or stop that process; then run migrate again.",
            )
        if now - told >= PROGRESS_SECONDS:
            told = now
            _log.info("waiting for another migration: %s", await _holder(connection))
        await asyncio.sleep(PAUSE_SECONDS)
    yield


async def _holder(connection: asyncpg.Connection) -> str:
    row = await connection.fetchrow(_queries["lock_holder"], LOCK)
    if row is None:
        return "its holder has just gone"
    since = row["backend_start"].isoformat(timespec="seconds")
    return f"backend {row['pid']} ({row['application_name']}, {row['address']}, since {since})"

"""Wait for a database that may not be there yet, and say so while waiting.

In a cluster the migration often starts before its database. What time may mend is waited for until
the deadline; a refused password or a missing database name is mended by people, so it gets a short
grace only (a role may be created a moment later) and then ends the wait.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg

from polyant_engine.core import authorities, database
from polyant_engine.core.clock import Clock
from polyant_engine.migrate.failures import DatabaseUnreachable
from polyant_engine.options import DatabaseSettings

APPLICATION_NAME = "polyant-migrate"
PAUSE_SECONDS = 1.0
PROGRESS_SECONDS = 5.0
REFUSED_GRACE_SECONDS = 20.0
CONNECT_TIMEOUT_SECONDS = 10.0
COMMAND_TIMEOUT_SECONDS = 60.0

REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,  # includes a wrong password
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.ClientConfigurationError,
)
NOT_YET = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.InterfaceError,
)

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def connected(settings: DatabaseSettings, clock: Clock) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection to a database that can be written, once there is one."""
    connection = await _wait(settings, clock)
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_SECONDS)


async def _wait(settings: DatabaseSettings, clock: Clock) -> asyncpg.Connection:
    dsn, wait_seconds = settings.dsn, settings.wait_seconds
    trust = authorities.of_database(dsn, settings.extra_ca_file)
    started = told = clock.monotonic()
    while True:
        found = await _attempt(dsn, trust)
        if not isinstance(found, Exception):
            return found
        now = clock.monotonic()
        limit = (
            min(wait_seconds, REFUSED_GRACE_SECONDS) if isinstance(found, REFUSED) else wait_seconds
        )
        if now - started >= limit:
            raise _unreachable(dsn, found, now - started) from found
        if now - told >= PROGRESS_SECONDS:
            told = now
            _log.info("waiting for %s: %s", place(dsn), explain(found))
        await asyncio.sleep(PAUSE_SECONDS)


async def _attempt(dsn: str, trust: ssl.SSLContext | None) -> asyncpg.Connection | Exception:
    try:
        connection = await asyncpg.connect(
            dsn,
            ssl=trust,
            timeout=CONNECT_TIMEOUT_SECONDS,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            server_settings={"application_name": APPLICATION_NAME, "jit": "off"},
        )
    except (*NOT_YET, *REFUSED) as failed:
        return failed
    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        await connection.close()
        return ConnectionError("it is a read-only standby")
    await database.use_orjson(connection)
    return connection


def _unreachable(dsn: str, failed: Exception, seconds: float) -> DatabaseUnreachable:
    return DatabaseUnreachable(
        f"{place(dsn)} could not be used for {seconds:.0f} s: {explain(failed)}.", _cure(failed)
    )


def _cure(failed: Exception) -> str:
    if isinstance(failed, asyncpg.InvalidAuthorizationSpecificationError):
        return "Correct user and password in DATABASE_URL (or POSTGRES_USER and POSTGRES_PASSWORD)."
    if isinstance(failed, asyncpg.InvalidCatalogNameError):
        return "Create the database, or correct its name in DATABASE_URL (or POSTGRES_DB)."
    return (
        "Check that the database runs, that host and port in DATABASE_URL are right, and that"
        " firewalls, NetworkPolicies and sslmode let this process in; then run migrate again."
    )


def place(dsn: str) -> str:
    """Name a database without its password."""
    parts = urlsplit(dsn)
    return f"database {parts.path.strip('/')} on {parts.hostname}:{parts.port or 5432}"


def explain(failed: Exception) -> str:
    """Say in one line what went wrong."""
    if isinstance(failed, TimeoutError):
        return "no answer in time"
    text = str(failed).strip().splitlines()
    return text[0].rstrip(".") if text else type(failed).__name__

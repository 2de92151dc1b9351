"""PostgreSQL: one pool, no statement that nobody asked for.

* Nothing runs when a connection goes back to the pool (no RESET): so nobody may leave session state
  behind. No `SET` outside a transaction, no LISTEN, no session lock on a pooled connection.
* The pool opens lazily, so that an engine starts while its database is down and says so.
* `jsonb` is orjson both ways; `jit` is off, because our statements are short.
* A lost connection becomes `errors.DatabaseUnavailable` (503), a violated constraint stays asyncpg's
  own error for the adapter that knows what it means.

`Executor` is what adapters need: a `Database`, or the connection of a `transaction()`.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import asyncpg
import orjson
from typing_extensions import override

from polyant_engine.core import errors

Record: TypeAlias = asyncpg.Record
OnStatement = Callable[[str], None]

CONNECT_TIMEOUT_SECONDS = 10.0
ACQUIRE_TIMEOUT_SECONDS = 10.0
COMMAND_TIMEOUT_SECONDS = 30.0
IDLE_CONNECTION_SECONDS = 300.0
JSONB_VERSION = b"\x01"

UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a pooled connection that the server has just closed
    OSError,
    TimeoutError,
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where the database is; the DSN carries sslmode and the CA file."""

    dsn: str
    application_name: str = "polyant-engine"
    connect_timeout: float = CONNECT_TIMEOUT_SECONDS

    @override
    def __repr__(self) -> str:
        return f"Target(application_name={self.application_name!r})"  # the DSN holds a password


class Executor(Protocol):
    """Runs statements: a `Database`, or a connection inside a transaction."""

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement and return its command tag."""
        ...

    async def executemany(self, query: str, args: Iterable[Sequence[Any]]) -> None:
        """Run a statement once per row of arguments, in one transaction and pipelined."""
        ...

    async def fetch(self, query: str, *args: Any) -> list[Record]:
        """Return all rows."""
        ...

    async def fetchrow(self, query: str, *args: Any) -> Record | None:
        """Return the first row, if any."""
        ...

    async def fetchval(self, query: str, *args: Any) -> Any:
        """Return the first column of the first row, if any."""
        ...


class Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """A connection that goes back to the pool without a round trip."""

    __slots__ = ()

    @override
    def get_reset_query(self) -> str:
        return ""


class Database:
    """The pool, as an `Executor`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Borrow a connection; losing it is `DatabaseUnavailable`."""
        # A timer is only worth its price when there may be something to wait for.
        timeout = None if self._pool.get_idle_size() else ACQUIRE_TIMEOUT_SECONDS
        with translated():
            async with self._pool.acquire(timeout=timeout) as borrowed:
                yield borrowed

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Executor]:
        """Borrow a connection inside a transaction."""
        async with self.connection() as borrowed, borrowed.transaction():
            yield borrowed

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement and return its command tag."""
        async with self.connection() as connection:
            tag: str = await connection.execute(query, *args)
            return tag

    async def executemany(self, query: str, args: Iterable[Sequence[Any]]) -> None:
        """Run a statement once per row of arguments."""
        async with self.connection() as connection:
            await connection.executemany(query, args)

    async def fetch(self, query: str, *args: Any) -> list[Record]:
        """Return all rows."""
        async with self.connection() as connection:
            rows: list[Record] = await connection.fetch(query, *args)
            return rows

    async def fetchrow(self, query: str, *args: Any) -> Record | None:
        """Return the first row, if any."""
        async with self.connection() as connection:
            return await connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        """Return the first column of the first row, if any."""
        async with self.connection() as connection:
            return await connection.fetchval(query, *args)

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Append many rows to a table by COPY."""
        with translated():
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as borrowed:
                await borrowed.copy_records_to_table(table, columns=columns, records=rows)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn every way of losing the database into `DatabaseUnavailable`."""
    try:
        yield
    except (errors.PolyantError, asyncpg.exceptions.DataError, ValueError):
        raise  # a wrong argument is our bug, although asyncpg derives it from InterfaceError
    except UNAVAILABLE as lost:
        raise errors.DatabaseUnavailable from lost


@contextlib.asynccontextmanager
async def opened(
    target: Target, *, size: int, on_statement: OnStatement | None = None
) -> AsyncIterator[Database]:
    """Keep a pool open; `on_statement` hears every statement, for tests that count round trips."""

    async def prepare(connection: asyncpg.Connection) -> None:
        await use_orjson(connection)
        if on_statement is not None:
            connection.add_query_logger(lambda logged: on_statement(logged.query))

    pool = asyncpg.create_pool(
        target.dsn,
        min_size=0,
        max_size=size,
        init=prepare,
        connection_class=Connection,
        timeout=target.connect_timeout,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        max_inactive_connection_lifetime=IDLE_CONNECTION_SECONDS,
        server_settings={"application_name": target.application_name, "jit": "off"},
    )
    async with pool:
        yield Database(pool)


async def use_orjson(connection: asyncpg.Connection) -> None:
    """Teach a connection that jsonb is orjson."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: JSONB_VERSION + orjson.dumps(value),
        decoder=lambda raw: orjson.loads(raw[len(JSONB_VERSION) :]),
    )

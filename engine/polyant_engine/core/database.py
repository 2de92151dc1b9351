"""PostgreSQL: one pool, no statement that nobody asked for.

* Nothing runs when a connection goes back to the pool (no RESET): so nobody may leave session state
  behind. No `SET` outside a transaction, no LISTEN, no session lock on a pooled connection.
* The pool opens lazily, so that an engine starts while its database is down and says so.
* `jsonb` is orjson both ways; `jit` is off, because our statements are short.
* A lost connection becomes `errors.DatabaseUnavailable` (503), a violated constraint stays asyncpg's
  own error for the adapter that knows what it means.

`Executor` is what adapters need: a `Database`, or the connection of a `transaction()`.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import asyncpg
import orjson
from typing_extensions import override

from polyant_engine.core import authorities, errors

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
    extra_ca_file: str | None = None
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


class Loans:
    """Lends the pool's connections again and again without going through the pool.

    asyncpg's pool starts a task, and on Python 3.11 a second one with a timer, for every loan: more
    work than a short statement itself. So a connection that comes back unharmed stays here for the
    next borrower; one that failed, or stayed idle for long, goes back to the pool, which knows what
    to do with it.
    """

    def __init__(self, pool: asyncpg.Pool, size: int) -> None:
        self._pool = pool
        self._slots = asyncio.Semaphore(size)
        self._free: deque[tuple[float, asyncpg.Connection]] = deque()  # the warmest is the last

    async def take(self) -> asyncpg.Connection:
        """Borrow a connection, waiting for one if all are lent."""
        if self._slots.locked():
            async with asyncio.timeout(ACQUIRE_TIMEOUT_SECONDS):
                await self._slots.acquire()
        else:
            await self._slots.acquire()
        try:
            await self._retire()
            while self._free:
                _, connection = self._free.pop()
                if not connection.is_closed():
                    return connection
                await self._pool.release(connection)
            return await self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS)
        except BaseException:
            self._slots.release()
            raise

    async def give_back(self, connection: asyncpg.Connection, *, is_unharmed: bool) -> None:
        """Take a connection back."""
        try:
            if not is_unharmed or connection.is_closed() or connection.is_in_transaction():
                await self._pool.release(connection)
            else:
                self._free.append((asyncio.get_running_loop().time(), connection))
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Return everything to the pool, which can close only then."""
        while self._free:
            await self._pool.release(self._free.pop()[1])

    async def _retire(self) -> None:
        oldest = asyncio.get_running_loop().time() - IDLE_CONNECTION_SECONDS
        while self._free and self._free[0][0] < oldest:
            await self._pool.release(self._free.popleft()[1])


class Loan:
    """One connection for the length of a `with`; losing it is `DatabaseUnavailable`."""

    __slots__ = ("_connection", "_loans")

    def __init__(self, loans: Loans) -> None:
        self._loans = loans

    async def __aenter__(self) -> asyncpg.Connection:
        try:
            self._connection = await self._loans.take()
        except UNAVAILABLE as lost:
            raise errors.DatabaseUnavailable from lost
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: object
    ) -> None:
        await self._loans.give_back(self._connection, is_unharmed=raised is None)
        # A wrong argument is our bug, although asyncpg derives it from InterfaceError.
        is_ours = isinstance(
            raised, errors.PolyantError | asyncpg.exceptions.DataError | ValueError
        )
        if isinstance(raised, UNAVAILABLE) and not is_ours:
            raise errors.DatabaseUnavailable from raised


class Database:
    """The pool, as an `Executor`."""

    def __init__(self, loans: Loans) -> None:
        self._loans = loans

    def connection(self) -> Loan:
        """Borrow a connection."""
        return Loan(self._loans)

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
        async with self.connection() as connection:
            await connection.copy_records_to_table(table, columns=columns, records=rows)


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
        ssl=authorities.of_database(target.dsn, target.extra_ca_file),
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
        loans = Loans(pool, size)
        try:
            yield Database(loans)
        finally:
            await loans.close()


async def use_orjson(connection: asyncpg.Connection) -> None:
    """Teach a connection that jsonb is orjson."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: JSONB_VERSION + orjson.dumps(value),
        decoder=lambda raw: orjson.loads(raw[len(JSONB_VERSION) :]),
    )

"""The lease as a row of the database, on the database's clock; what `leader` shows.

For installations without Kubernetes. Followers ask twice a second: LISTEN would not survive a pooler.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from polyant_engine.core.database import Executor
from polyant_engine.core.database import Record as Row
from polyant_engine.core.queries import load_queries
from polyant_engine.leadership.ports import StoreFailed, VersionTaken
from polyant_engine.leadership.records import Record

POLL_SECONDS = 0.5

_SQL = load_queries("polyant_engine.leadership")


class PostgresLease:
    """A `Store`."""

    def __init__(self, database: Executor) -> None:
        self._database = database

    async def read(self) -> Record:
        """Return the lease as it is."""
        row = await self._database.fetchrow(_SQL["read_election"])
        if row is None:
            raise StoreFailed("the table election is empty: it is not of our migration")
        return _record(row)

    async def write(self, record: Record) -> Record:
        """Replace the version that the record names."""
        row = await self._database.fetchrow(
            _SQL["write_election"],
            int(record.version),
            record.holder,
            record.lease_seconds,
            record.epoch,
            record.transitions,
        )
        if row is None:
            raise VersionTaken
        return _record(row)

    async def changes(self, after: Record) -> AsyncIterator[Record]:
        """Ask again and again."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            found = await self.read()
            if found != after:
                yield found
                after = found


def _record(row: Row) -> Record:
    return Record(
        version=str(row["version"]),
        holder=row["holder"],
        lease_seconds=row["lease_seconds"],
        epoch=row["epoch"],
        transitions=row["transitions"],
        age=max(0.0, row["age"]),
    )


async def shown(database: Executor) -> Mapping[str, Any] | None:
    """Return what the fence and the heartbeat say, for people."""
    return await database.fetchrow(_SQL["show_leader"])

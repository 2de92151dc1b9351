"""Rate counters in PostgreSQL."""

from polyant_engine.core import queries
from polyant_engine.core.database import Executor

SQL = queries.load_queries("polyant_engine.completions")


class PostgresCounters:
    """A `Counters` over an UNLOGGED table: a crash forgives, it does not forget replicas."""

    def __init__(self, database: Executor) -> None:
        self._database = database

    async def reserve(self, bucket: str, block: int, limit: int) -> int | None:
        """Take up to `block` of a bucket's limit for this minute."""
        used: int | None = await self._database.fetchval(SQL["reserve"], bucket, block, limit)
        return used

    async def forget_old_windows(self) -> None:
        """Delete the counts of minutes that are over."""
        await self._database.execute(SQL["forget_old_windows"])

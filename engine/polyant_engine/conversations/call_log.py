"""The log of model calls: a bounded buffer, written by COPY.

Usage and cost that bills rest on are in `turns`, committed with the reply. This log is for
statistics, so it may lose rows: when the database is slow or gone the buffer fills up, further
records are dropped, and a counter says how many.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter

from polyant_engine.conversations.ports import CallRecord

FLUSH_SECONDS = 0.25
BATCH = 200
CAPACITY = 5000
STOP_SECONDS = 5
TABLE = "ai_logs"
COLUMNS = (
    "id",
    "created_at",
    "agent_id",
    "conversation_id",
    "turn_id",
    "call_type",
    "outcome",
    "error",
    "provider",
    "model",
    "is_streaming",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "usage_estimated",
    "cost_usd",
    "first_token_ms",
    "duration_ms",
)

log = logging.getLogger(__name__)


class Copier(Protocol):
    """Appends rows to a table by COPY; the database does."""

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Append rows."""
        ...


class BufferedCallLog:
    """A `CallLog`; `run` writes it out until it is cancelled, and then what is left."""

    def __init__(self, copier: Copier, registry: CollectorRegistry) -> None:
        self._copier = copier
        self._records: deque[CallRecord] = deque()
        self._is_wanted = asyncio.Event()
        self._dropped = Counter(
            "polyant_call_log_dropped", "Records of model calls that were lost.", registry=registry
        )

    def append(self, record: CallRecord) -> None:
        """Keep a record, or drop it when the buffer is full."""
        if len(self._records) >= CAPACITY:
            self._dropped.inc()
            return
        self._records.append(record)
        if len(self._records) >= BATCH:
            self._is_wanted.set()

    async def run(self) -> None:
        """Write every quarter of a second, or sooner when a batch is full."""
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FLUSH_SECONDS):
                        await self._is_wanted.wait()
                self._is_wanted.clear()
                await self.flush()
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self.flush()

    async def flush(self) -> None:
        """Write everything that waits."""
        while self._records:
            batch = [self._records.popleft() for _ in range(min(BATCH, len(self._records)))]
            try:
                await self._copier.copy(TABLE, COLUMNS, [_row(record) for record in batch])
            except Exception:  # whatever it is, a statistic must not stop the engine
                self._dropped.inc(len(batch))
                log.exception("could not write %d records of model calls", len(batch))
                return


def _row(record: CallRecord) -> tuple[Any, ...]:
    usage = record.usage
    return (
        record.id,
        record.created_at,
        record.agent_id,
        record.conversation_id,
        record.turn_id,
        "conversation",
        record.outcome,
        record.error,
        record.provider,
        record.model,
        record.is_streaming,
        None if usage is None else usage.input_tokens,
        None if usage is None else usage.output_tokens,
        None if usage is None else usage.cached_tokens,
        record.usage_estimated,
        record.cost_usd,
        record.first_token_ms,
        record.duration_ms,
    )

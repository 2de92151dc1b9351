"""The call log never blocks, never grows without bound, and is written out at the end."""

import asyncio
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry

from polyant_engine.conversations import call_log
from polyant_engine.conversations.ports import CallRecord
from polyant_engine.core.errors import DatabaseUnavailable


class Copies:
    """Takes rows, or fails."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.batches: list[int] = []

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        if self.is_away:
            raise DatabaseUnavailable
        found = list(rows)
        assert table == "ai_logs"
        assert all(len(row) == len(columns) for row in found)
        self.batches.append(len(found))


def record() -> CallRecord:
    some = uuid.uuid4()
    return CallRecord(
        id=some,
        created_at=datetime.fromtimestamp(0, UTC),
        agent_id=some,
        conversation_id=some,
        turn_id=some,
        outcome="ok",
        error=None,
        provider="main",
        model="demo",
        is_streaming=False,
        usage=None,
        usage_estimated=False,
        cost_usd=None,
        first_token_ms=None,
        duration_ms=1,
    )


def dropped(registry: CollectorRegistry) -> float:
    return registry.get_sample_value("polyant_call_log_dropped_total") or 0


async def test_records_are_written_in_batches() -> None:
    copies = Copies()
    log = call_log.BufferedCallLog(copies, CollectorRegistry())
    for _ in range(450):
        log.append(record())

    await log.flush()

    assert copies.batches == [200, 200, 50]


async def test_a_full_buffer_drops_and_counts() -> None:
    registry = CollectorRegistry()
    log = call_log.BufferedCallLog(Copies(), registry)

    for _ in range(call_log.CAPACITY + 3):
        log.append(record())

    assert dropped(registry) == 3


async def test_a_database_that_is_away_costs_a_batch_and_nothing_else() -> None:
    registry, copies = CollectorRegistry(), Copies(is_away=True)
    log = call_log.BufferedCallLog(copies, registry)
    for _ in range(201):
        log.append(record())

    await log.flush()
    copies.is_away = False
    await log.flush()

    assert dropped(registry) == 200
    assert copies.batches == [1]


async def test_what_is_left_is_written_at_the_end() -> None:
    copies = Copies()
    log = call_log.BufferedCallLog(copies, CollectorRegistry())
    running = asyncio.create_task(log.run())
    await asyncio.sleep(0)
    log.append(record())

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert copies.batches == [1]

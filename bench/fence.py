"""`python -m bench fence`: both ways to guard a leader's write, beside writes without any guard.

row: one statement that locks the fence row FOR SHARE. advisory: a shared advisory lock, then the fence
is read and the write done in a second statement, once in one message to the server (the best case),
once as a client does it. Measured: writes per second of 16 connections, how long a promotion waits
behind them, and how many MultiXact ids are used.
"""

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bench import stack
from polyant_engine.leadership import fence

WRITERS = 16
PROMOTIONS_PER_SECOND = 5
ADVISORY = 7_046
NO_MODEL = "http://127.0.0.1:9/v1"
BODY = "-- name: write\nINSERT INTO journal (epoch) SELECT $1::bigint FROM guard RETURNING epoch;"
GUARDED = fence.parse_guarded("bench", BODY)["write"]
FENCED = "SELECT {epoch} FROM fence WHERE epoch = {epoch} AND term = '{term}'"
PROMOTE_ADVISORY = f"""
CREATE FUNCTION promote_advisory(new_term uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE won bigint;
BEGIN
    PERFORM pg_advisory_xact_lock({ADVISORY});
    UPDATE fence SET epoch = epoch + 1, term = new_term RETURNING epoch INTO STRICT won;
    RETURN won;
END $$
"""  # noqa: S608  a constant of this file


@dataclass
class Leader:
    """The term that all writers use; renewed by each promotion, so that they all go on."""

    epoch: int = 0
    term: uuid.UUID = field(default_factory=uuid.uuid4)


Write = Callable[[asyncpg.Connection, Leader], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to guard."""

    name: str
    write: Write
    promote: str


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one run gave."""

    per_second: float
    waits: Sequence[float]
    multixacts: int
    writes: int


async def _plain(connection: asyncpg.Connection, leader: Leader) -> object:
    return await connection.execute("INSERT INTO journal (epoch) VALUES ($1)", leader.epoch)


async def _row(connection: asyncpg.Connection, leader: Leader) -> object:
    return await connection.fetch(GUARDED.sql, leader.epoch, leader.term)


async def _advisory_message(connection: asyncpg.Connection, leader: Leader) -> object:
    fenced = FENCED.format(epoch=leader.epoch, term=leader.term)
    return await connection.execute(
        f"BEGIN; SELECT pg_advisory_xact_lock_shared({ADVISORY});"
        f" INSERT INTO journal (epoch) {fenced}; COMMIT"
    )


async def _advisory_client(connection: asyncpg.Connection, leader: Leader) -> object:
    async with connection.transaction():
        await connection.fetchval("SELECT pg_advisory_xact_lock_shared($1)", ADVISORY)
        return await connection.execute(
            "INSERT INTO journal (epoch) SELECT epoch FROM fence WHERE epoch = $1 AND term = $2",
            leader.epoch,
            leader.term,
        )


ROW_PROMOTION = "SELECT promote_fence(0, $1, 'bench')"
ADVISORY_PROMOTION = "SELECT promote_advisory($1)"
VARIANTS = (
    Variant(name="no guard", write=_plain, promote=ROW_PROMOTION),
    Variant(name="row, one statement", write=_row, promote=ROW_PROMOTION),
    Variant(name="advisory, one message", write=_advisory_message, promote=ADVISORY_PROMOTION),
    Variant(name="advisory, by a client", write=_advisory_client, promote=ADVISORY_PROMOTION),
)


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench fence", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each run (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="of each variant (%(default)s)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="polyant-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        asyncio.run(_bench(folder, options.seconds, options.runs))


async def _bench(folder: Path, seconds: float, runs: int) -> None:
    async with stack.database_server(folder) as server:
        url = server.url("polyant")
        options = stack.EngineOptions(database_url=url, model_url=NO_MODEL, keys=server.keys)
        async with stack.engine(folder, options):
            pass  # it has migrated
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE journal (epoch bigint)")
        await connection.execute(PROMOTE_ADVISORY)
        found: dict[str, list[Sample]] = {variant.name: [] for variant in VARIANTS}
        for _ in range(runs):  # in turns, so that a noisy minute hits all alike
            for variant in VARIANTS:
                found[variant.name].append(await _measure(connection, url, variant, seconds))
        await connection.close()
    _print(found)


async def _measure(
    control: asyncpg.Connection, url: str, variant: Variant, seconds: float
) -> Sample:
    await control.execute("TRUNCATE journal")
    before = await _next_multixact(control)
    leader = Leader()
    waits: list[float] = []
    await _promote(control, variant, leader)
    async with contextlib.AsyncExitStack() as open_ones:
        writers = [await _connected(open_ones, url) for _ in range(WRITERS)]
        end = time.monotonic() + seconds
        work = [asyncio.create_task(_write(each, variant, leader, end)) for each in writers]
        while time.monotonic() < end:
            await asyncio.sleep(1 / PROMOTIONS_PER_SECOND)
            waits.append(await _promote(control, variant, leader))
        counts = await asyncio.gather(*work)
    used = await _next_multixact(control) - before
    return Sample(
        per_second=sum(counts) / seconds, waits=waits, multixacts=used, writes=sum(counts)
    )


async def _connected(open_ones: contextlib.AsyncExitStack, url: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(url)
    open_ones.push_async_callback(connection.close)
    return connection


async def _write(
    connection: asyncpg.Connection, variant: Variant, leader: Leader, end: float
) -> int:
    count = 0
    while time.monotonic() < end:
        await variant.write(connection, leader)
        count += 1
    return count


async def _promote(connection: asyncpg.Connection, variant: Variant, leader: Leader) -> float:
    term, began = uuid.uuid4(), time.monotonic()
    leader.epoch = await connection.fetchval(variant.promote, term)
    leader.term = term
    return time.monotonic() - began


async def _next_multixact(connection: asyncpg.Connection) -> int:
    await connection.execute("CHECKPOINT")
    found = await connection.fetchval("SELECT next_multixact_id::text FROM pg_control_checkpoint()")
    return int(found)


def _print(found: dict[str, list[Sample]]) -> None:
    base = statistics.median(sample.per_second for sample in found["no guard"])
    print(
        f"{'':24}{'writes/s':>10}{'of none':>9}{'wait p50 ms':>13}{'max ms':>9}{'MultiXacts a write':>20}"
    )
    for name, samples in found.items():
        speed = statistics.median(sample.per_second for sample in samples)
        waits = sorted(wait * 1000 for sample in samples for wait in sample.waits)
        used = sum(s.multixacts for s in samples) / max(1, sum(s.writes for s in samples))
        print(
            f"{name:24}{speed:10.0f}{speed / base:9.2f}"
            f"{statistics.median(waits):13.1f}{waits[-1]:9.1f}{used:20.3f}"
        )

"""Measure plain persisted turns: how many, how fast, at what price in CPU, memory and SQL.

What is measured is what DESIGN 10 asks for: a plain turn, the scripted model, memory, knowledge and
tools off, 8 turns a conversation, fsync on, the rate limiter on, everything on one machine.
"""

import asyncio
import json
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg
import psutil

from bench import stack

AGENTS = 150  # 600 requests a minute are allowed to each
STATEMENTS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
STATS_SETTLE_SECONDS = 1.2  # PostgreSQL reports its counts once a second


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One run."""

    connections: int
    turns: int
    errors: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float  # of the engine, per turn
    transactions: float  # of the database, per turn
    rss_mb: float  # of the engine, after the run


async def prepare(client: aiohttp.ClientSession, engine: stack.Engine) -> list[tuple[str, str]]:
    """Create the agents."""
    admin = await stack.sign_in(client, engine)
    return [await admin.new_agent() for _ in range(AGENTS)]


async def measure(
    server: stack.Server,
    engine: stack.Engine,
    agents: Sequence[tuple[str, str]],
    *,
    connections: int,
    seconds: float,
) -> Sample:
    """Run the load once."""
    database = await asyncpg.connect(server.url("polyant"))
    process = psutil.Process(engine.pid)
    job = {
        "url": engine.url,
        "agents": list(agents),
        "connections": connections,
        "seconds": seconds,
        "warm_up_seconds": 0.0,
        "run": secrets.token_hex(4),
    }
    try:
        before, cpu = await database.fetchval(STATEMENTS), _cpu(process)
        raw = await _load(job)
        used = _cpu(process) - cpu
        await asyncio.sleep(STATS_SETTLE_SECONDS)
        transactions = await database.fetchval(STATEMENTS) - before
    finally:
        await database.close()
    times = sorted(raw["milliseconds"])
    turns = len(times)
    return Sample(
        connections=connections,
        turns=turns,
        errors=sum(raw["errors"].values()),
        per_second=turns / raw["seconds"],
        p50_ms=times[turns // 2],
        p99_ms=times[min(turns - 1, turns * 99 // 100)],
        cpu_ms=used * 1000 / turns,
        transactions=transactions / turns,
        rss_mb=rss_mb(engine),
    )


def rss_mb(engine: stack.Engine) -> float:
    """Return the resident memory of an engine."""
    rss: int = psutil.Process(engine.pid).memory_info().rss
    return rss / 1e6


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _load(job: dict[str, object]) -> dict[str, Any]:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.load"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await child.communicate(json.dumps(job).encode())
    if child.returncode != 0:
        raise RuntimeError(f"the load generator ended with {child.returncode}")
    found: dict[str, Any] = json.loads(output)
    return found

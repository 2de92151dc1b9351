"""Measure plain persisted turns: how many, how fast, at what price in CPU, memory and SQL.

What is measured is what DESIGN 10 asks for: a plain turn, the scripted model, memory, knowledge and
tools off, 8 turns a conversation, fsync on, the rate limiter on, everything on one machine.
"""

import asyncio
import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
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
    database_cpu_ms: float  # of all its processes, per turn
    per_cpu_second: float  # turns for a second of all processes: engine, database, model, load
    foreign_cpu: float  # share of all processors that other programs took meanwhile
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
    job = {
        "url": engine.url,
        "agents": list(agents),
        "connections": connections,
        "seconds": seconds,
        "warm_up_seconds": 0.0,
        "run": secrets.token_hex(4),
    }
    database = await asyncpg.connect(server.url("polyant"))
    try:
        before, transactions = _processors(server, engine), await database.fetchval(STATEMENTS)
        raw = await _load(job)
        used = _processors(server, engine) - before
        await asyncio.sleep(STATS_SETTLE_SECONDS)
        transactions = await database.fetchval(STATEMENTS) - transactions
    finally:
        await database.close()
    return _sample(engine, connections, raw, used, transactions)


def _sample(
    engine: stack.Engine,
    connections: int,
    raw: Mapping[str, Any],
    used: "Processors",
    transactions: int,
) -> Sample:
    times = sorted(raw["milliseconds"])
    turns = len(times)
    ours = used.engine + used.database + used.others_of_ours + raw["cpu_seconds"]
    return Sample(
        connections=connections,
        turns=turns,
        errors=sum(raw["errors"].values()),
        per_second=turns / raw["seconds"],
        p50_ms=times[turns // 2],
        p99_ms=times[min(turns - 1, turns * 99 // 100)],
        cpu_ms=used.engine * 1000 / turns,
        database_cpu_ms=used.database * 1000 / turns,
        per_cpu_second=turns / ours,
        foreign_cpu=max(0.0, (used.machine - ours) / used.available),
        transactions=transactions / turns,
        rss_mb=rss_mb(engine),
    )


@dataclass(frozen=True, kw_only=True)
class Processors:
    """Seconds of processor time up to a moment."""

    engine: float
    database: float
    others_of_ours: float  # the scripted model and this program
    machine: float  # busy, whoever it was
    available: float  # busy or not

    def __sub__(self, earlier: "Processors") -> "Processors":
        names = [item.name for item in fields(self)]
        return Processors(**{name: getattr(self, name) - getattr(earlier, name) for name in names})


def _processors(server: stack.Server, engine: stack.Engine) -> Processors:
    us = psutil.Process()
    database = psutil.Process(int(str(server.child.note["pid"])))
    of_engine = _cpu(psutil.Process(engine.pid))
    of_database = sum(map(_cpu, [database, *database.children()]))
    ours = sum(map(_cpu, [us, *us.children(recursive=True)]))
    machine = psutil.cpu_times()
    busy = sum(machine) - machine.idle - machine.iowait - machine.guest - machine.guest_nice
    return Processors(
        engine=of_engine,
        database=of_database,
        others_of_ours=ours - of_engine - of_database,
        machine=busy,
        available=busy + machine.idle + machine.iowait,
    )


def rss_mb(engine: stack.Engine) -> float:
    """Return the resident memory of an engine."""
    rss: int = psutil.Process(engine.pid).memory_info().rss
    return rss / 1e6


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
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

"""`python -m bench`: start real processes, measure, print a table; `operator`, `fence`: of those."""

import argparse
import asyncio
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp

from bench import stack, turns
from bench.turns import Sample

# The existing product on the same kind of machine (DESIGN 10).
PRODUCT_PER_SECOND = 77
PRODUCT_P50_MS = 16.8
PRODUCT_RSS_MB = 369
CONNECTIONS = (1, 16)


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["operator"]:
        from bench.operator import command  # the engine's measurements need none of it

        command.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["fence"]:
        from bench import fence  # so does the fence

        fence.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="of each run (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="at each load (%(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="polyant-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        asyncio.run(_bench(folder, options.seconds, options.runs))


async def _bench(folder: Path, seconds: float, runs: int) -> None:
    async with stack.database_server(folder) as server, stack.scripted_model(folder) as model:
        options = stack.EngineOptions(
            database_url=server.url("polyant"),
            model_url=model,
            keys=server.keys,
            variables={"LOG_LEVEL": "info"},  # as people run it
        )
        async with stack.engine(folder, options) as engine, aiohttp.ClientSession() as client:
            idle = turns.rss_mb(engine)
            agents = await turns.prepare(client, engine)
            await turns.measure(server, engine, agents, connections=4, seconds=2)  # warm-up
            samples = [
                await turns.measure(server, engine, agents, connections=count, seconds=seconds)
                for count in CONNECTIONS
                for _ in range(runs)
            ]
    _print(samples, idle)


def _print(samples: Sequence[Sample], idle: float) -> None:
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} processors, load {load:.1f}, "
          f"Python {platform.python_version()}")  # fmt: skip
    print(f"{'':34}{'min':>9}{'median':>9}{'max':>9}   ratio to the existing product")
    for count in CONNECTIONS:
        found = [sample for sample in samples if sample.connections == count]
        _section(count, found)
    print(f"{'engine RSS idle, MB':34}{'':9}{idle:9.0f}")
    print(f"turns in all: {sum(sample.turns for sample in samples)}, "
          f"errors: {sum(sample.errors for sample in samples)}")  # fmt: skip


def _section(count: int, found: Sequence[Sample]) -> None:
    rows: list[tuple[str, Callable[[Sample], float], Callable[[float], str]]] = [
        ("turns/s", lambda sample: sample.per_second,
         lambda value: f"{value / PRODUCT_PER_SECOND:.1f} x of {PRODUCT_PER_SECOND}/s"),
        ("p50 ms", lambda sample: sample.p50_ms,
         lambda value: f"{PRODUCT_P50_MS / value:.1f} x faster than {PRODUCT_P50_MS} ms"
         if count == 1 else ""),
        ("p99 ms", lambda sample: sample.p99_ms, lambda _: ""),
        ("engine CPU ms a turn", lambda sample: sample.cpu_ms, lambda _: "bar: 2.0"),
        ("database CPU ms a turn", lambda sample: sample.database_cpu_ms, lambda _: ""),
        ("turns a CPU second of everything", lambda sample: sample.per_cpu_second,
         lambda value: f"x {os.cpu_count()} processors = {value * (os.cpu_count() or 1):.0f}/s at most"),
        ("other programs' CPU share, %", lambda sample: sample.foreign_cpu * 100, lambda _: "noise"),
        ("database transactions a turn", lambda sample: sample.transactions, lambda _: "bar: 4"),
        ("engine RSS after, MB", lambda sample: sample.rss_mb,
         lambda value: f"{value / PRODUCT_RSS_MB:.2f} x of {PRODUCT_RSS_MB} MB"),
    ]  # fmt: skip
    print(f"-- {count} connection{'s' if count > 1 else ''}")
    for title, read, ratio in rows:
        values = sorted(map(read, found))
        middle = statistics.median(values)
        print(f"{title:34}{values[0]:9.2f}{middle:9.2f}{values[-1]:9.2f}   {ratio(middle)}")


if __name__ == "__main__":
    main()

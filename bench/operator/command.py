"""`python -m bench operator`: the order of the measurements, and their table."""

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import yaml

from bench.operator import cluster as clusters
from bench.operator import fleet, measuring, processes
from bench.operator.cluster import Cluster
from bench.operator.measuring import Disturb, Sample
from polyant_operator.kube.client import Client

# The bars of the design: instances -> MB.
RSS_BARS = {0: 80, 100: 100, 1000: 250}


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench operator", description=__doc__)
    add = partial(parser.add_argument, type=int, metavar="N")
    add("--instances", nargs="+", default=[0, 100, 1000], help="sizes of the fleet (%(default)s)")
    add("--runs", default=3, help="of each operator at each size (%(default)s)")
    add("--rest", default=30, help="seconds at rest that are looked at (%(default)s)")
    add("--rounds", default=100, help="repairs and changes at the largest size (%(default)s)")
    add("--foreign", default=10_000, help="foreign Secrets at the end (%(default)s)")
    add("--others", default=9_000, help="instances of nine other shards at the end (%(default)s)")
    parser.add_argument("--no-naive", action="store_true", help="leave the naive peer out")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="polyant-bench-") as name:
        asyncio.run(_bench(Path(name), options))


async def _bench(folder: Path, options: argparse.Namespace) -> None:
    print(_machine(), flush=True)
    with clusters.running(folder) as cluster:
        async with cluster.client() as client:
            await clusters.prepare(client, yaml.safe_load(clusters.CRD.read_text()))
            await asyncio.sleep(2)  # the API server serves a new CRD a moment later
            await _measure(cluster, client, options)


async def _measure(cluster: Cluster, client: Client, options: argparse.Namespace) -> None:
    size = 0
    for wanted in sorted(options.instances):
        if wanted > size:
            await fleet.grow(cluster, client, range(size, wanted))
            size = wanted
        largest = wanted == max(options.instances) and wanted > 0
        disturb = Disturb(cluster, client, size, options.rounds) if largest else None
        await _compare(cluster, size, disturb, options)
    if options.foreign and size:
        namespaces = -(-size // fleet.PER_NAMESPACE)
        await fleet.foreign_secrets(client, options.foreign, namespaces)
        title = f"{size} instances and {options.foreign} foreign Secrets"
        _table(title, [await _ours(cluster, None, options) for _ in range(options.runs)], [])
    if options.others:
        first = -(-size // fleet.PER_NAMESPACE) * fleet.PER_NAMESPACE
        await fleet.others(client, range(first, first + options.others), 9)
        title = f"{size} instances of one shard, {options.others} of others"
        _table(title, [await _ours(cluster, None, options) for _ in range(options.runs)], [])


async def _compare(
    cluster: Cluster, size: int, disturb: Disturb | None, options: argparse.Namespace
) -> None:
    ours: list[Sample] = []
    naive: list[Sample] = []
    for number in range(options.runs):  # in turn, so that a change of the machine meets both
        last = number == options.runs - 1
        ours.append(await _ours(cluster, disturb if last else None, options))
        if not options.no_naive:
            naive.append(await measuring.run(cluster, processes.naive, options.rest, None))
    _table(f"{size} instances with all children", ours, naive)


async def _ours(cluster: Cluster, disturb: Disturb | None, options: argparse.Namespace) -> Sample:
    return await measuring.run(cluster, processes.ours, options.rest, disturb)


def _machine() -> str:
    load = os.getloadavg()[0]
    return (
        f"{platform.machine()}, {os.cpu_count()} processors, load {load:.1f},"
        f" Python {platform.python_version()}"
    )


ROWS: tuple[tuple[str, Callable[[Sample], float]], ...] = (
    ("RSS at rest, MB", lambda sample: sample.rss_mb),
    ("RSS at its peak, MB", lambda sample: sample.peak_mb),
    ("start to steady, s", lambda sample: sample.cold_seconds),
    ("start to steady, CPU s", lambda sample: sample.cold_cpu),
    ("requests of a start", lambda sample: sample.cold_requests),
    ("writes of a start", lambda sample: sample.cold_writes),
    ("requests at rest, an hour", lambda sample: sample.rest_requests * _per_hour(sample)),
    ("writes at rest, an hour", lambda sample: sample.rest_writes * _per_hour(sample)),
    ("CPU at rest, %", lambda sample: sample.rest_cpu / sample.rest_seconds * 100),
    ("stop, s", lambda sample: sample.stop_seconds),
    ("other programs' CPU, cores", lambda sample: sample.foreign_cpu),
)


def _per_hour(sample: Sample) -> float:
    return 3600 / sample.rest_seconds


def _table(title: str, ours: Sequence[Sample], naive: Sequence[Sample]) -> None:
    print(f"\n-- {title} ({_machine()})")
    print(f"{'':30}{'min':>9}{'median':>9}{'max':>9}{'naive':>9}   naive/ours")
    for name, read in ROWS:
        found, peers = sorted(map(read, ours)), sorted(map(read, naive))
        middle = statistics.median(found)
        other = f"{statistics.median(peers):9.1f}" if peers else f"{'':9}"
        ratio = f"{statistics.median(peers) / middle:8.1f} x" if peers and middle else ""
        print(f"{name:30}{found[0]:9.1f}{middle:9.1f}{found[-1]:9.1f}{other}   {ratio}")
    _times("child edited -> repaired", (each for sample in ours for each in sample.repairs))
    _times("spec changed -> first write", (each for sample in ours for each in sample.changes))


def _times(name: str, found: Iterable[float]) -> None:
    times = sorted(found)
    if times:
        p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
        print(f"{name:30} p50 {statistics.median(times) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms,"
              f" {len(times)} times")  # fmt: skip

"""What was measured, in words and numbers: a line for each run when it ends, a table for each size."""

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence

from bench.operator.measuring import Sample


def machine() -> str:
    """Name the machine and its noise."""
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


def run(title: str, sample: Sample) -> None:
    """Print what one run showed."""
    end = "" if sample.settled else ", NOT AT REST by then"
    print(
        f"{title}: {sample.rss_mb:.0f} MB (peak {sample.peak_mb:.0f}), start {sample.cold_seconds:.1f} s"
        f" and {sample.cold_cpu:.1f} CPU s, {sample.cold_requests} requests, {sample.cold_writes} writes{end};"
        f" at rest {sample.rest_requests} requests, {sample.rest_writes} writes",
        flush=True,
    )
    _times("child edited -> repaired", sample.repairs)
    _times("spec changed -> first write", sample.changes)


def table(title: str, ours: Sequence[Sample], naive: Sequence[Sample]) -> None:
    """Compare all runs at one size."""
    print(f"\n-- {title} ({machine()})")
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
              f" {len(times)} times", flush=True)  # fmt: skip

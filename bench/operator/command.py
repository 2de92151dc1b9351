"""`python -m bench operator`: the order of the measurements, and their table."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import yaml

from bench.operator import cluster as clusters
from bench.operator import fleet, measuring, processes, report
from bench.operator.cluster import Cluster
from bench.operator.measuring import Disturb, Sample
from polyant_operator.kube.client import Client

LENGTH = """
On two quiet processors, about: 2 minutes to begin and for 0 and 100 instances, 5 minutes to make 1,000, 1 minute
for each run of ours (+ 3 with repairs and changes), up to 5 for each of the naive peer at 1,000, 2 minutes to
make 10,000 Secrets and 3 to make 9,000 instances of other shards: 30 minutes with the defaults. Every run is
printed when it ends, so that whatever is cut off loses the rest only.
"""


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench operator",
        description=__doc__,
        epilog=LENGTH,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = partial(parser.add_argument, type=int, metavar="N")
    add("--instances", nargs="+", default=[0, 100, 1000], help="sizes of the fleet (%(default)s)")
    add("--runs", default=2, help="of our operator at each size (%(default)s)")
    add("--naive-runs", default=1, help="of the naive peer at each size (%(default)s)")
    add("--rest", default=20, help="seconds at rest that are looked at (%(default)s)")
    add("--rounds", default=100, help="repairs and changes at the largest size (%(default)s)")
    add("--foreign", default=10_000, help="foreign Secrets at the end (%(default)s)")
    add("--others", default=9_000, help="instances of nine other shards at the end (%(default)s)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="polyant-bench-") as name:
        asyncio.run(_bench(Path(name), options))


async def _bench(folder: Path, options: argparse.Namespace) -> None:
    print(report.machine(), flush=True)
    with clusters.running(folder) as cluster:
        async with cluster.client() as client:
            await clusters.prepare(client, yaml.safe_load(clusters.CRD.read_text()))
            await asyncio.sleep(2)  # the API server serves a new CRD a moment later
            await _measure(cluster, client, options)


async def _measure(cluster: Cluster, client: Client, options: argparse.Namespace) -> None:
    size = 0
    for wanted in sorted(options.instances):
        if wanted > size:
            with _told(f"making {wanted - size} instances with all children"):
                await fleet.grow(cluster, client, range(size, wanted))
            size = wanted
        largest = wanted == max(options.instances) and wanted > 0
        disturb = Disturb(cluster, client, size, options.rounds) if largest else None
        await _compare(cluster, client, size, disturb, options)
    if options.foreign and size:
        namespaces = -(-size // fleet.PER_NAMESPACE)
        with _told(f"making {options.foreign} foreign Secrets"):
            await fleet.foreign_secrets(client, options.foreign, namespaces)
        title = f"{size} instances and {options.foreign} foreign Secrets"
        report.table(title, await _ours(cluster, title, None, options), [])
    if options.others:
        first = -(-size // fleet.PER_NAMESPACE) * fleet.PER_NAMESPACE
        with _told(f"making {options.others} instances of nine other shards, one child each"):
            await fleet.others(client, range(first, first + options.others), 9)
        title = f"{size} instances of one shard, {options.others} of others"
        report.table(title, await _ours(cluster, title, None, options), [])


async def _compare(
    cluster: Cluster,
    client: Client,
    size: int,
    disturb: Disturb | None,
    options: argparse.Namespace,
) -> None:
    title = f"{size} instances with all children"
    ours = await _ours(cluster, title, disturb, options)
    naive: list[Sample] = []
    for number in range(options.naive_runs):
        naive.append(await measuring.run(cluster, processes.naive, options.rest, None))
        report.run(f"{title}, naive peer, run {number + 1}", naive[-1])
    report.table(title, ours, naive)
    if naive and size:
        with _told("putting right what the naive peer changed"):
            await fleet.settle(cluster, client, size)


async def _ours(
    cluster: Cluster, title: str, disturb: Disturb | None, options: argparse.Namespace
) -> list[Sample]:
    samples: list[Sample] = []
    for number in range(options.runs):
        last = number == options.runs - 1
        work = disturb if last else None
        samples.append(await measuring.run(cluster, processes.ours, options.rest, work))
        report.run(f"{title}, run {number + 1}", samples[-1])
    return samples


@contextmanager
def _told(what: str) -> Iterator[None]:
    began = time.monotonic()
    print(f"... {what}", flush=True)
    yield
    print(f"    took {time.monotonic() - began:.0f} s", flush=True)

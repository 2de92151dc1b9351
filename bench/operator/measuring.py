"""One operator process measured on a standing fleet: start, rest, repair, change, stop."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

import psutil

from bench.operator.cluster import HOME, Cluster, Request
from bench.operator.controllers import Controllers, watch
from bench.operator.fleet import place, ready
from bench.operator.processes import Measured
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import DEPLOYMENT, INSTANCE, LEASE, Object

Start = Callable[[Cluster], AbstractContextManager[Measured]]

# Without a request for so long, and watching, an operator has come to rest.
QUIET_SECONDS = 6.0
# Who has not come to rest by then is measured as far as it came.
LONGEST_START = 300.0
LONGEST_RECOVERY = 120
ANSWER_SECONDS = 30.0
# A value nobody wants, in a field that is ours.
EDIT = 7
Seen: TypeAlias = "asyncio.Queue[tuple[float, Object]]"


@dataclass(kw_only=True)
class Sample:
    """What one run showed."""

    settled: bool = True
    cold_seconds: float = 0.0
    cold_cpu: float = 0.0
    cold_requests: int = 0
    cold_writes: int = 0
    rss_mb: float = 0.0
    peak_mb: float = 0.0
    rest_seconds: float = 0.0
    rest_requests: int = 0
    rest_writes: int = 0
    rest_cpu: float = 0.0
    foreign_cpu: float = 0.0
    stop_seconds: float = 0.0
    repairs: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)


async def run(cluster: Cluster, start: Start, rest: float, disturb: "Disturb | None") -> Sample:
    """Start the operator, let it settle, watch it rest, disturb it, and stop it."""
    sample = Sample()
    async with cluster.client() as client:
        await client.delete(LEASE, HOME, "polyant-operator")  # of one that did not end well
    cluster.audit.skip()
    with start(cluster) as process:
        await _settle(cluster, process, sample)
        await _rest(cluster, process, sample, rest)
        if disturb is not None and sample.settled:
            sample.repairs, sample.changes = await disturb.all()
        sample.stop_seconds = await asyncio.to_thread(process.stop)
    return sample


async def _settle(cluster: Cluster, process: Measured, sample: Sample) -> None:
    requests: list[Request] = []
    last = began = time.monotonic()
    while time.monotonic() - last < QUIET_SECONDS or not _watches(requests):
        if time.monotonic() - began > LONGEST_START:
            sample.settled = False
            break
        await asyncio.sleep(0.25)
        process.check()
        fresh = [each for each in cluster.audit.read() if not each.keeps_lease]
        requests += fresh
        last = time.monotonic() if fresh else last
    sample.cold_seconds = requests[-1].at - process.started if requests else LONGEST_START
    sample.cold_cpu = process.cpu_seconds()
    sample.cold_requests = len(requests)
    sample.cold_writes = sum(each.writes for each in requests)
    sample.peak_mb = process.peak_mb()


def _watches(requests: list[Request]) -> bool:
    return any(each.verb == "watch" for each in requests)


async def _rest(cluster: Cluster, process: Measured, sample: Sample, seconds: float) -> None:
    cpu, began = process.cpu_seconds(), time.monotonic()
    busy = _busy()
    await asyncio.sleep(seconds)
    requests = cluster.audit.read()
    sample.rest_seconds = time.monotonic() - began
    sample.rest_requests = sum(not each.keeps_lease for each in requests)
    sample.rest_writes = sum(each.writes and not each.keeps_lease for each in requests)
    sample.rest_cpu = process.cpu_seconds() - cpu
    sample.foreign_cpu = (_busy() - busy - sample.rest_cpu) / sample.rest_seconds
    sample.rss_mb = process.rss_mb()


def _busy() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)


class Disturb:
    """Edits children behind the operator's back and specs as a user does, and times the answers."""

    def __init__(self, cluster: Cluster, client: Client, instances: int, rounds: int) -> None:
        self._cluster = cluster
        self._client = client
        self._instances = instances
        self._rounds = rounds
        self._seen: dict[tuple[str, str], Seen] = {}

    async def all(self) -> tuple[list[float], list[float]]:
        """Give the seconds of each repair and of each first write after a change."""
        tasks = [
            asyncio.create_task(self._watch()),
            # What was changed rolls out, or the fleet would be restless ever after.
            asyncio.create_task(Controllers(self._client, self._cluster.access).run()),
        ]
        try:
            await asyncio.sleep(3)
            repairs = [await self._repair(number) for number in self._numbers()]
            changes = [await self._change(number) for number in self._numbers()]
            await self._recover()
        finally:
            for task in tasks:
                task.cancel()
        return repairs, changes

    async def _recover(self) -> None:
        """Wait until every change has been carried out."""
        for _ in range(LONGEST_RECOVERY):
            if await ready(self._client) >= self._instances:
                return
            await asyncio.sleep(1)

    def _numbers(self) -> Iterator[int]:
        # Spread over the fleet, so that no instance is slowed down for being noisy.
        return (each * 7919 % self._instances for each in range(self._rounds))

    async def _watch(self) -> None:
        async for obj in watch(self._cluster.access, DEPLOYMENT):
            key = (obj["metadata"]["namespace"], obj["metadata"]["name"])
            if (queue := self._seen.get(key)) is not None:
                queue.put_nowait((time.monotonic(), obj))

    async def _repair(self, number: int) -> float:
        namespace, name = place(number)
        patch = {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": EDIT}}}}

        def is_edited(obj: Object) -> bool:
            return bool(obj["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == EDIT)

        with self._look(namespace, f"{name}-engine") as queue:
            await self._client.merge(DEPLOYMENT, namespace, f"{name}-engine", patch)
            edited = await _until(queue, is_edited)
            repaired = await _until(queue, lambda obj: not is_edited(obj))
        return repaired - edited

    async def _change(self, number: int) -> float:
        namespace, name = place(number)
        value = f"{time.monotonic():.3f}"
        patch = {"spec": {"engine": {"env": [{"name": "MY_CHANGE", "value": value}]}}}

        def has_arrived(obj: Object) -> bool:
            variables = obj["spec"]["template"]["spec"]["containers"][0]["env"]
            return any(each.get("value") == value for each in variables)

        with self._look(namespace, f"{name}-engine") as queue:
            await self._client.merge(INSTANCE, namespace, name, patch)
            changed = time.monotonic()
            return await _until(queue, has_arrived) - changed

    @contextmanager
    def _look(self, namespace: str, name: str) -> Iterator[Seen]:
        queue: Seen = asyncio.Queue()
        self._seen[namespace, name] = queue
        yield queue
        del self._seen[namespace, name]


async def _until(queue: Seen, fact: Callable[[Object], bool]) -> float:
    """Give the moment of a fact, or that of giving up, which counts as a time like any other."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                at, obj = await queue.get()
                if fact(obj):
                    return at
    return time.monotonic()

"""The elector against a Lease in memory, in virtual time: never two leaders, always one again."""

import asyncio
import copy
import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from polyant_operator.handlers.elector import Candidate, Elector, End
from polyant_operator.kube import errors
from polyant_operator.settings import LeaseTimes

pytestmark = pytest.mark.looptime

TIMES = LeaseTimes(lease=15, renew=10, retry=2)


class MemoryLease:
    """A Lease with optimistic locking that can be made to fail or hang for one client."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0

    def read(self) -> dict[str, Any] | None:
        return copy.deepcopy(self.lease)

    def write(self, lease: dict[str, Any]) -> dict[str, Any]:
        known = lease["metadata"].get("resourceVersion")
        current = self.lease["metadata"]["resourceVersion"] if self.lease else None
        if known != current:
            raise errors.Conflict("changed", 409)
        self.version += 1
        self.lease = copy.deepcopy(lease)
        self.lease["metadata"]["resourceVersion"] = str(self.version)
        return copy.deepcopy(self.lease)

    @property
    def spec(self) -> dict[str, Any]:
        assert self.lease is not None
        return dict(self.lease["spec"])


class Line:
    """One client's line to the Lease."""

    def __init__(self, server: MemoryLease) -> None:
        self.server = server
        self.mode = "works"
        self.lose_answer = False

    async def _pass(self) -> None:
        if self.mode == "refuses":
            raise errors.Unavailable("connection refused")
        if self.mode == "hangs":
            await asyncio.sleep(3600)

    async def read(self) -> dict[str, Any] | None:
        await self._pass()
        return self.server.read()

    async def write(self, lease: dict[str, Any]) -> dict[str, Any]:
        await self._pass()
        answer = self.server.write(lease)
        if self.lose_answer:
            self.lose_answer = False
            raise errors.Unavailable("connection reset")
        return answer

    def blank(self) -> dict[str, Any]:
        return {"metadata": {"name": "x"}, "spec": {}}


class Dog:
    """A watchdog that notes when it would strike."""

    def __init__(self) -> None:
        self.strikes_at: float | None = None

    def feed(self, seconds: float) -> None:
        self.strikes_at = asyncio.get_running_loop().time() + seconds

    def stop(self) -> None:
        self.strikes_at = None


class Replica:
    """A candidate with its work, which notes from when to when it led."""

    def __init__(self, server: MemoryLease, name: str) -> None:
        self.line = Line(server)
        self.dog = Dog()
        candidate = Candidate(
            identity=name,
            times=TIMES,
            wall_clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
            jitter=lambda: 0.5,
        )
        self.elector = Elector(self.line, candidate, self.dog)
        self.led: list[tuple[float, float]] = []
        self.fail_after: float | None = None
        self.task = asyncio.create_task(self.elector.run(self.work))

    async def work(self) -> None:
        start = now()
        try:
            await asyncio.sleep(self.fail_after or 3600)
            raise RuntimeError("the work broke")
        finally:
            self.led.append((start, now()))


def now() -> float:
    return asyncio.get_running_loop().time()


async def end(*replicas: Replica) -> None:
    for replica in replicas:
        replica.task.cancel()
    await asyncio.gather(*(replica.task for replica in replicas), return_exceptions=True)


async def test_the_first_candidate_leads_and_renews() -> None:
    server = MemoryLease()
    first = Replica(server, "a")
    await asyncio.sleep(60)

    assert server.spec["holderIdentity"] == "a"
    assert server.version > 20
    await end(first)


async def test_a_standby_takes_over_at_once_after_a_release() -> None:
    server = MemoryLease()
    first = Replica(server, "a")
    await asyncio.sleep(5)
    second = Replica(server, "b")
    await asyncio.sleep(20)
    first.task.cancel()
    await asyncio.sleep(3)

    assert server.spec["holderIdentity"] == "b"
    assert server.spec["leaseTransitions"] == 2
    await end(first, second)
    assert first.led[0][1] <= second.led[0][0]


@pytest.mark.parametrize("fault", ["refuses", "hangs"])
async def test_a_leader_that_is_cut_off_stops_before_the_standby_starts(fault: str) -> None:
    server = MemoryLease()
    first = Replica(server, "a")
    await asyncio.sleep(5)
    second = Replica(server, "b")
    await asyncio.sleep(5)
    first.line.mode = fault
    cut = now()
    await asyncio.sleep(30)

    assert first.task.result() is End.LOST
    assert server.spec["holderIdentity"] == "b"
    await end(second)
    assert first.led[0][1] < second.led[0][0] <= cut + TIMES.lease + TIMES.retry * 2


async def test_the_watchdog_would_strike_before_the_lease_ends() -> None:
    server = MemoryLease()
    first = Replica(server, "a")
    await asyncio.sleep(5)
    first.line.mode = "hangs"
    renewed = now()
    await asyncio.sleep(1)

    assert first.dog.strikes_at is not None
    assert first.dog.strikes_at <= renewed + TIMES.lease - 1
    await end(first)
    assert first.dog.strikes_at is None


async def test_an_outage_shorter_than_the_renew_deadline_costs_no_leadership() -> None:
    server = MemoryLease()
    first = Replica(server, "a")
    await asyncio.sleep(5)
    first.line.mode = "refuses"
    await asyncio.sleep(6)
    first.line.mode = "works"
    await asyncio.sleep(30)

    assert server.spec["holderIdentity"] == "a"
    assert not first.task.done()
    await end(first)


async def test_a_write_whose_answer_was_lost_costs_no_leadership() -> None:
    server = MemoryLease()
    first = Replica(server, "a")
    await asyncio.sleep(5)
    first.line.lose_answer = True
    await asyncio.sleep(30)

    assert not first.task.done()
    await end(first)


async def test_a_lease_taken_by_somebody_else_ends_the_leadership() -> None:
    server = MemoryLease()
    first = Replica(server, "a")
    await asyncio.sleep(5)
    assert server.lease is not None
    server.write(server.lease | {"spec": server.spec | {"holderIdentity": "thief"}})
    await asyncio.sleep(5)

    assert first.task.result() is End.LOST
    assert server.spec["holderIdentity"] == "thief"


async def test_broken_work_releases_the_lease_and_is_reported() -> None:
    server = MemoryLease()
    first = Replica(server, "a")
    first.fail_after = 5
    await asyncio.sleep(10)

    with pytest.raises(RuntimeError, match="the work broke"):
        first.task.result()
    assert server.spec["holderIdentity"] == ""


async def test_the_lease_of_a_dead_holder_is_taken_only_after_its_whole_duration() -> None:
    server = MemoryLease()
    server.write({"metadata": {}, "spec": {"holderIdentity": "dead", "leaseDurationSeconds": 15}})
    start = now()
    second = Replica(server, "b")
    await asyncio.sleep(40)
    await end(second)

    assert 15 <= second.led[0][0] - start <= 18


async def test_two_candidates_never_lead_at_one_time() -> None:
    server = MemoryLease()
    replicas = {name: Replica(server, name) for name in "ab"}
    spans: list[tuple[float, float]] = []
    await asyncio.sleep(5)
    for number, fault in enumerate(("refuses", "hangs", "refuses", "hangs")):
        leader = replicas.pop(server.spec["holderIdentity"])
        leader.line.mode = fault
        await asyncio.sleep(40)
        spans += leader.led
        replicas[f"new-{number}"] = Replica(server, f"new-{number}")
    await end(*replicas.values())

    spans = sorted(spans + [span for replica in replicas.values() for span in replica.led])
    assert len(spans) == 5
    assert all(before[1] < after[0] for before, after in itertools.pairwise(spans))

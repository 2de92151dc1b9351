"""The work queue in virtual time: nothing is lost, nothing runs twice at once, failures back off."""

import asyncio
import itertools
from collections.abc import Callable

import pytest

from polyant_operator.handlers.queue import Key, Priority, Work, WorkQueue
from polyant_operator.kube import errors
from polyant_operator.kube.bucket import TokenBucket
from polyant_operator.observability import metrics

pytestmark = pytest.mark.looptime

A, B, C = (Key("ns", name) for name in "abc")


def queue_of(work: Work, jitter: Callable[[], float] = lambda: 0.0) -> WorkQueue:
    return WorkQueue(work, TokenBucket(1000, 1000), jitter)


async def run_for(seconds: float, queue: WorkQueue, workers: int = 2) -> None:
    task = asyncio.create_task(queue.run(workers))
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Recorder:
    """Work that notes when each key started, and takes its time."""

    def __init__(self, takes: float = 0.0, again: float | None = None) -> None:
        self.takes = takes
        self.again = again
        self.started: list[tuple[float, Key]] = []
        self.running: set[Key] = set()
        self.overlapped = False

    async def __call__(self, key: Key) -> float | None:
        self.overlapped = self.overlapped or key in self.running
        self.running.add(key)
        self.started.append((asyncio.get_running_loop().time(), key))
        await asyncio.sleep(self.takes)
        self.running.discard(key)
        return self.again


async def test_a_key_added_many_times_is_worked_on_once() -> None:
    work = Recorder()
    queue = queue_of(work)
    for _ in range(5):
        queue.add(A)

    await run_for(1, queue)

    assert [key for _, key in work.started] == [A]


async def test_a_key_added_while_it_runs_runs_once_more_and_never_beside_itself() -> None:
    work = Recorder(takes=10)
    queue = queue_of(work)
    queue.add(A)
    loop = asyncio.get_running_loop()
    for at in (1, 2, 3):
        loop.call_later(at, queue.add, A)

    await run_for(60, queue)

    assert [key for _, key in work.started] == [A, A]
    assert not work.overlapped
    assert queue.idle


async def test_a_users_change_overtakes_the_resync() -> None:
    work = Recorder(takes=1)
    queue = queue_of(work)
    for key in (A, B):
        queue.add(key, Priority.RESYNC)
    queue.add(C, Priority.USER)
    queue.add(B, Priority.USER)

    await run_for(10, queue, workers=1)

    assert [key for _, key in work.started] == [C, B, A]


async def test_a_failing_key_comes_back_with_growing_pauses_and_the_others_go_on() -> None:
    attempts: list[float] = []

    async def work(key: Key) -> float | None:
        if key == A:
            attempts.append(asyncio.get_running_loop().time())
            raise RuntimeError("broken")
        return None

    queue = queue_of(work)
    queue.add(A)
    queue.add(B)

    await run_for(8, queue)

    pauses = [round(after - before, 3) for before, after in itertools.pairwise(attempts)]
    assert pauses == [0.5, 1.0, 2.0, 4.0]


async def test_jitter_lengthens_the_pause_by_a_fifth_at_most() -> None:
    attempts: list[float] = []

    async def work(_: Key) -> float | None:
        attempts.append(asyncio.get_running_loop().time())
        raise RuntimeError("broken")

    queue = queue_of(work, jitter=lambda: 1.0)
    queue.add(A)

    await run_for(0.61, queue)

    assert attempts == [0.0, pytest.approx(0.6)]


async def test_the_pause_is_capped_at_five_minutes() -> None:
    attempts: list[float] = []

    async def work(_: Key) -> float | None:
        attempts.append(asyncio.get_running_loop().time())
        raise RuntimeError("broken")

    queue = queue_of(work)
    queue.add(A)

    await run_for(3000, queue)

    assert attempts[-1] - attempts[-2] == pytest.approx(300)


@pytest.mark.parametrize(("retry_after", "last_pause"), [(None, 30), (45.0, 45), (9999.0, 300)])
async def test_a_silent_api_server_is_asked_again_within_half_a_minute_or_when_it_said(
    retry_after: float | None, last_pause: float
) -> None:
    attempts: list[float] = []

    async def work(_: Key) -> float | None:
        attempts.append(asyncio.get_running_loop().time())
        raise errors.Unavailable("503", retry_after)

    queue = queue_of(work)
    queue.add(A)

    await run_for(2000, queue)

    assert attempts[-1] - attempts[-2] == pytest.approx(last_pause)


async def test_a_key_that_wants_to_look_again_comes_back_when_it_said() -> None:
    work = Recorder(again=5.0)
    queue = queue_of(work)
    queue.add(A)

    await run_for(12, queue)

    assert [at for at, _ in work.started] == [0, 5, 10]


async def test_the_earlier_of_two_wishes_counts() -> None:
    work = Recorder()
    queue = queue_of(work)
    queue.add_after(A, 10)
    queue.add_after(A, 3)
    queue.add_after(A, 20)

    await run_for(30, queue)

    assert [at for at, _ in work.started] == [3]


async def test_a_forgotten_key_does_not_come_back() -> None:
    work = Recorder()
    queue = queue_of(work)
    queue.add_after(A, 3)
    queue.forget(A)

    await run_for(10, queue)

    assert work.started == []


async def test_a_storm_of_keys_starts_no_faster_than_the_bucket_allows() -> None:
    work = Recorder()
    queue = WorkQueue(work, TokenBucket(2, 2), lambda: 0.0)
    for number in range(6):
        queue.add(Key("ns", str(number)))

    await run_for(10, queue, workers=6)

    assert [at for at, _ in work.started] == [0, 0, 0.5, 1, 1.5, 2]


async def test_keys_are_shared_out_among_the_workers() -> None:
    work = Recorder(takes=1)
    queue = queue_of(work)
    for key in (A, B, C):
        queue.add(key)

    await run_for(5, queue, workers=3)

    assert [at for at, _ in work.started] == [0, 0, 0]


async def test_a_key_listed_twice_never_runs_beside_itself() -> None:
    work = Recorder(takes=10)
    queue = queue_of(work)
    loop = asyncio.get_running_loop()
    queue.add(B)
    for at, priority in ((5, Priority.RESYNC), (5, Priority.USER), (6, Priority.RESYNC)):
        loop.call_later(at, queue.add, A, priority)

    await run_for(60, queue)

    assert work.started == [(0, B), (5, A), (15, A)]
    assert not work.overlapped


async def test_a_stuck_key_shows_in_the_metrics_while_it_is_stuck() -> None:
    queue = queue_of(Recorder(takes=100))
    queue.add(A)
    task = asyncio.create_task(queue.run(2))
    await asyncio.sleep(60)

    shown = {
        sample.name: sample.value
        for family in metrics.REGISTRY.collect()
        for sample in family.samples
    }
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert shown["workqueue_unfinished_work_seconds"] == 60
    assert shown["workqueue_longest_running_processor_seconds"] == 60
    assert shown["controller_runtime_active_workers"] == 1
    assert shown["controller_runtime_max_concurrent_reconciles"] == 2

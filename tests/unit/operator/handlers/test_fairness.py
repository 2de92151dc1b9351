"""Nobody waits for somebody else's noise: fairness of the work queue, in virtual time."""

import asyncio
from collections import Counter

import pytest

from polyant_operator.handlers import queue as queues
from polyant_operator.handlers.queue import Key, Priority, WorkQueue
from polyant_operator.kube.bucket import TokenBucket

pytestmark = pytest.mark.looptime

# What one look at an instance takes, and a fleet of them.
PASS_SECONDS = 0.05
FLEET = [Key("ns", f"i{number:04}") for number in range(1000)]
NOISY, USER = Key("ns", "noisy"), Key("ns", "user")


class Work:
    """Work that notes when each key started."""

    def __init__(self) -> None:
        self.started: list[tuple[float, Key]] = []

    async def __call__(self, key: Key) -> float | None:
        self.started.append((asyncio.get_running_loop().time(), key))
        await asyncio.sleep(PASS_SECONDS)
        return None

    def first(self, key: Key) -> float:
        return next(at for at, started in self.started if started == key)

    def counts(self) -> Counter[Key]:
        return Counter(key for _, key in self.started)


async def run_for(seconds: float, queue: WorkQueue, workers: int = 2) -> None:
    task = asyncio.create_task(queue.run(workers))
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def queue_of(work: Work) -> WorkQueue:
    return WorkQueue(work, TokenBucket(1000, 1000), lambda: 0.0)


def keep_wanting(queue: WorkQueue, key: Key, every: float) -> "asyncio.Task[None]":
    async def want() -> None:
        while True:
            queue.add(key)
            await asyncio.sleep(every)

    return asyncio.create_task(want())


async def test_a_users_change_waits_for_one_look_and_not_for_the_resync_of_a_thousand() -> None:
    work = Work()
    queue = queue_of(work)
    for key in FLEET:
        queue.add(key, Priority.RESYNC)
    asyncio.get_running_loop().call_later(5, queue.add, USER)

    await run_for(30, queue)

    assert work.first(USER) - 5 <= PASS_SECONDS


async def test_an_instance_with_constant_events_starves_no_other_instance() -> None:
    work = Work()
    queue = queue_of(work)
    noise = keep_wanting(queue, NOISY, every=PASS_SECONDS)
    for key in FLEET:
        queue.add(key)

    await run_for(30, queue)
    noise.cancel()

    assert set(FLEET) <= work.counts().keys()
    assert work.counts()[NOISY] <= queues.PACE_BURST + 30 * queues.PACE + 1


async def test_many_instances_with_constant_events_do_not_keep_the_resync_from_ending() -> None:
    work = Work()
    queue = queue_of(work)
    noise = [
        keep_wanting(queue, Key("noisy", str(number)), every=PASS_SECONDS) for number in range(20)
    ]
    for key in FLEET[:50]:
        queue.add(key, Priority.RESYNC)

    await run_for(30, queue)
    for each in noise:
        each.cancel()

    assert set(FLEET[:50]) <= work.counts().keys()


async def test_an_instance_that_was_noisy_is_served_at_once_when_it_has_been_quiet() -> None:
    work = Work()
    queue = queue_of(work)
    noise = keep_wanting(queue, NOISY, every=PASS_SECONDS)
    asyncio.get_running_loop().call_later(30, noise.cancel)
    asyncio.get_running_loop().call_later(60, queue.add, NOISY)

    await run_for(90, queue)

    assert work.started[-1] == (60, NOISY)

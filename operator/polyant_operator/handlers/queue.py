"""The keyed work queue: the same key is never worked on twice at one time and never lost.

A key is dirty (wanted), processing (being worked on), or both: then it runs once more afterwards.
Keys that a user changed overtake keys of the resync. A failed key comes back after an exponential
pause with jitter; a key that wants to look again later comes back after the pause it asked for.
Starts are limited by a token bucket, so a storm of events cannot become a storm of requests.

Nobody starves: a key that is wanted all the time is slowed down to a pace of its own, and after so
many keys of the better lane one of the worse is taken, even when the better is never empty.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from typing_extensions import override

from polyant_operator.kube import errors
from polyant_operator.kube.bucket import TokenBucket
from polyant_operator.observability import metrics

logger = logging.getLogger(__name__)

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 300.0
# An API server that does not answer comes back without telling, and then everybody waits for us.
LONGEST_SILENCE: Final = 30.0
# One key starts so often at once, and then so many times a second: a fight with somebody who changes
# an object back all the time must cost neither us nor the API server more than that.
PACE_BURST: Final = 30.0
PACE: Final = 2.0
# The keys whose pace is remembered: those that were wanted last.
_PACES: Final = 256
# So many keys of the better lane go before one of the worse.
SHARE: Final = 10


class Priority(IntEnum):
    """Who wants the work; lower overtakes higher."""

    USER = 0
    RESYNC = 1


@dataclass(frozen=True, order=True)
class Key:
    """One PolyantInstance."""

    namespace: str
    name: str

    @override
    def __str__(self) -> str:
        """Name it as kubectl does."""
        return f"{self.namespace}/{self.name}"


# Works on a key; returns the seconds after which it wants to look again, or None.
Work = Callable[[Key], Awaitable[float | None]]


class WorkQueue:
    """Dirty and processing sets, two priorities, back-off, and the workers that empty it."""

    def __init__(self, work: Work, bucket: TokenBucket, jitter: Callable[[], float]) -> None:
        self._work = work
        self._bucket = bucket
        # A number in 0..1; an argument, so that tests are exact.
        self._jitter = jitter
        self._waiting: tuple[deque[Key], deque[Key]] = (deque(), deque())
        self._dirty: dict[Key, tuple[Priority, float]] = {}
        # With the moment at which the work began.
        self._processing: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._paces: OrderedDict[Key, TokenBucket] = OrderedDict()
        # Keys taken from the better lane since the last of the worse.
        self._preferred = 0
        # Counts the listed keys; a skipped duplicate costs one wake-up and nothing else.
        self._listed = asyncio.Semaphore(0)
        metrics.workqueue_unfinished_seconds.set_function(lambda: sum(self._running()))
        metrics.workqueue_longest_seconds.set_function(lambda: max(self._running(), default=0))
        metrics.active_workers.set_function(lambda: len(self._processing))

    def __len__(self) -> int:
        return len(self._dirty)

    @property
    def idle(self) -> bool:
        """Whether nothing is wanted now and nothing is being worked on."""
        return not self._dirty and not self._processing

    def add(self, key: Key, priority: Priority = Priority.USER) -> None:
        """Want a key to be worked on."""
        metrics.workqueue_adds.inc()
        known = self._dirty.get(key)
        if known is not None and known[0] <= priority:
            return
        now = asyncio.get_running_loop().time()
        self._dirty[key] = (priority, known[1] if known else now)
        if key not in self._processing:
            self._list(key, priority)
        metrics.workqueue_depth.set(len(self._dirty))

    def add_after(self, key: Key, seconds: float, priority: Priority = Priority.USER) -> None:
        """Want a key after a pause; the earlier of two wishes counts."""
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        timer = self._timers.get(key)
        if timer is not None and timer.when() <= at:
            return
        if timer is not None:
            timer.cancel()
        self._timers[key] = loop.call_at(at, self._ripe, key, priority)

    def forget(self, key: Key) -> None:
        """Drop what is remembered of a key that is gone."""
        self._failures.pop(key, None)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    async def run(self, workers: int) -> None:
        """Work until cancelled."""
        metrics.max_workers.set(workers)
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(workers):
                    group.create_task(self._worker(), name=f"worker-{number}")
        finally:
            for timer in self._timers.values():
                timer.cancel()

    async def _worker(self) -> None:
        while True:
            key = await self._next()
            await self._bucket.take()
            await self._process(key)

    async def _next(self) -> Key:
        while True:
            await self._listed.acquire()
            if (key := self._pop()) is not None:
                return key

    def _pop(self) -> Key | None:
        for lane in self._lanes():
            if waiting := self._waiting[lane]:
                key = waiting.popleft()
                # A key that was raised to a better lane is still listed in the worse one: skip it there.
                if key in self._processing or self._dirty.get(key, (None,))[0] is not lane:
                    return None
                _, since = self._dirty.pop(key)
                now = asyncio.get_running_loop().time()
                self._processing[key] = now
                metrics.workqueue_depth.set(len(self._dirty))
                metrics.workqueue_queue_seconds.observe(now - since)
                return key
        return None

    def _lanes(self) -> tuple[Priority, Priority]:
        better, worse = Priority.USER, Priority.RESYNC
        self._preferred += 1
        if not self._waiting[worse] or not self._waiting[better] or self._preferred > SHARE:
            self._preferred = 0
            return worse, better
        return better, worse

    async def _process(self, key: Key) -> None:
        started = asyncio.get_running_loop().time()
        try:
            again = await self._work(key)
        except errors.KubeError as error:
            logger.warning("Reconciling %s failed and is tried again: %s", key, error)
            self._fail(key, error)
        except Exception as error:  # the boundary of one key: recorded and tried again
            logger.exception("Reconciling %s failed", key)
            self._fail(key, error)
        else:
            self._failures.pop(key, None)
            if again is not None:
                self.add_after(key, again)
        finally:
            metrics.workqueue_work_seconds.observe(asyncio.get_running_loop().time() - started)
            self._done(key)

    def _running(self) -> list[float]:
        """How long each key in work has been worked on; asked while metrics are read."""
        if not self._processing:
            return []
        now = asyncio.get_running_loop().time()
        return [now - since for since in self._processing.values()]

    def _fail(self, key: Key, error: Exception) -> None:
        metrics.workqueue_retries.inc()
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures, 20))
        if isinstance(error, errors.Unavailable):
            asked = min(LONGEST_PAUSE, error.retry_after or 0.0)
            pause = max(asked, min(pause, LONGEST_SILENCE))
        self.add_after(key, pause * (1 + 0.2 * self._jitter()))

    def _done(self, key: Key) -> None:
        self._processing.pop(key, None)
        if key in self._dirty:
            self._list(key, self._dirty[key][0])

    def _ripe(self, key: Key, priority: Priority) -> None:
        self._timers.pop(key, None)
        self.add(key, priority)

    def _list(self, key: Key, priority: Priority) -> None:
        loop = asyncio.get_running_loop()
        pace = self._paces.pop(key, None) or TokenBucket(PACE, PACE_BURST)
        self._paces[key] = pace
        if len(self._paces) > _PACES:
            self._paces.popitem(last=False)
        if (pause := pace.reserve(loop.time())) > 0:
            loop.call_later(pause, self._enlist, key, priority)
        else:
            self._enlist(key, priority)

    def _enlist(self, key: Key, priority: Priority) -> None:
        self._waiting[priority].append(key)
        self._listed.release()

"""Leadership of one operator replica by a Lease; its loss ends the work, whatever else is broken.

Rules: only the monotonic clock decides; every call has a time-out; any failure is a failed try and
never escapes; the observed record of somebody else counts as expired when it did not change for its
whole duration as measured here; the work is cancelled at the renew deadline, and a watchdog that
needs neither the event loop nor the interpreter ends the process before the lease does. The Lease
is released after the work has stopped. A Lease is no fence: everything the operator writes is also
safe when written twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final, Protocol

from polyant_operator.kube import errors
from polyant_operator.kube.leases import micro_time
from polyant_operator.observability import metrics
from polyant_operator.settings import LeaseTimes

logger = logging.getLogger(__name__)

# Time the work gets to stop after it was cancelled.
STOP_SECONDS: Final = 2.0
# The watchdog strikes this long before the lease ends.
WATCHDOG_MARGIN: Final = 1.0


class Store(Protocol):
    """Where the Lease is kept."""

    async def read(self) -> dict[str, Any] | None:
        """The Lease, or None."""

    async def write(self, lease: dict[str, Any]) -> dict[str, Any]:
        """Create or replace it under optimistic locking."""

    def blank(self) -> dict[str, Any]:
        """A new Lease."""


class Watchdog(Protocol):
    """Ends the process unless it is fed again in time."""

    def feed(self, seconds: float) -> None:
        """Strike after so many seconds from now."""

    def stop(self) -> None:
        """Do not strike."""


class End(Enum):
    """How a leadership ended."""

    LOST = "lost"
    WORK_ENDED = "work ended"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Who runs, and the sources of time and chance."""

    identity: str
    times: LeaseTimes
    wall_clock: Callable[[], datetime]
    # A number in 0..1.
    jitter: Callable[[], float]


@dataclass(frozen=True)
class _Seen:
    """A record of the Lease and when we first saw it."""

    record: tuple[object, ...]
    lease: dict[str, Any]
    at: float

    def expires(self) -> float:
        """The moment from which somebody else may take over."""
        spec = self.lease.get("spec") or {}
        if not spec.get("holderIdentity"):
            return self.at
        return self.at + float(spec.get("leaseDurationSeconds") or 0)


class Elector:
    """Waits for the Lease, does the work while holding it, and gives it back."""

    def __init__(self, store: Store, candidate: Candidate, watchdog: Watchdog) -> None:
        self._store = store
        self._candidate = candidate
        self._watchdog = watchdog
        self._seen: _Seen | None = None
        self._held: dict[str, Any] | None = None
        self._renewed = 0.0

    async def run(self, work: Callable[[], Awaitable[None]]) -> End:
        """Lead once: wait for the Lease, work, and say how it ended. Errors of the work are raised."""
        await self._acquire()
        metrics.is_leader.set(1)
        metrics.leader_transitions.inc()
        logger.info("This replica leads", extra={"identity": self._candidate.identity})
        try:
            return await self._lead(work)
        finally:
            metrics.is_leader.set(0)
            self._watchdog.stop()

    async def _acquire(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._candidate.times.retry):
                    if await self._try_acquire():
                        return
            except errors.Conflict:
                logger.debug("Somebody else was faster")
            except (errors.KubeError, TimeoutError) as error:
                logger.warning("The Lease cannot be had: %s", str(error) or "no answer in time")
            await asyncio.sleep(self._pause())

    async def _try_acquire(self) -> bool:
        now = _now()
        lease = await self._store.read() or self._store.blank()
        seen = self._observe(lease, now)
        if now < seen.expires() and not self._is_mine(lease):
            return False
        await self._take(lease)
        return True

    async def _take(self, lease: dict[str, Any]) -> None:
        started = _now()
        old = lease.get("spec") or {}
        stamp = micro_time(self._candidate.wall_clock())
        spec = {
            "holderIdentity": self._candidate.identity,
            "leaseDurationSeconds": int(self._candidate.times.lease),
            "acquireTime": stamp,
            "renewTime": stamp,
            "leaseTransitions": int(old.get("leaseTransitions") or 0) + 1,
        }
        self._hold(await self._store.write(lease | {"spec": spec}), started)

    def _observe(self, lease: dict[str, Any], now: float) -> _Seen:
        spec = lease.get("spec") or {}
        # The version too: a holder whose wall clock stands still is alive all the same.
        version = lease["metadata"].get("resourceVersion")
        record = (version, spec.get("holderIdentity"), spec.get("renewTime"))
        if self._seen is None or self._seen.record != record:
            self._seen = _Seen(record, lease, now)
        return self._seen

    def _pause(self) -> float:
        retry = self._candidate.times.retry * (1 + 0.2 * self._candidate.jitter())
        left = self._seen.expires() - _now() if self._seen else retry
        return max(0.05, min(retry, left)) if left > 0 else retry

    def _is_mine(self, lease: dict[str, Any]) -> bool:
        return bool((lease.get("spec") or {}).get("holderIdentity") == self._candidate.identity)

    def _hold(self, lease: dict[str, Any], started: float) -> None:
        self._held = lease
        # Counted from before the request, so that a slow answer never lengthens a leadership.
        self._renewed = started
        self._watchdog.feed(
            max(0.1, self._candidate.times.lease - WATCHDOG_MARGIN - (_now() - started))
        )

    async def _lead(self, work: Callable[[], Awaitable[None]]) -> End:
        worker = asyncio.ensure_future(work())
        renewer = asyncio.ensure_future(self._renew_until_lost())
        try:
            await asyncio.wait({worker, renewer}, return_when=asyncio.FIRST_COMPLETED)
            lost = renewer.done() and not worker.done()
        finally:
            stopped = await self._stop(worker)
            await self._stop(renewer)
            if stopped and self._held is not None:
                await self._release()
        if lost:
            return End.LOST
        worker.result()
        return End.WORK_ENDED

    async def _renew_until_lost(self) -> None:
        while self._left() > 0 and self._held is not None:
            await asyncio.sleep(min(self._candidate.times.retry, self._left()))
            with suppress(errors.KubeError, TimeoutError):
                async with asyncio.timeout(
                    max(0.05, min(self._candidate.times.retry, self._left()))
                ):
                    await self._renew(self._held)
        logger.error("The Lease is lost: the work is stopped and the process ends")

    async def _renew(self, held: dict[str, Any]) -> None:
        started = _now()
        spec = held["spec"] | {"renewTime": micro_time(self._candidate.wall_clock())}
        try:
            self._hold(await self._store.write(held | {"spec": spec}), started)
        except errors.Conflict:
            await self._look_again()

    async def _look_again(self) -> None:
        # Our own earlier write may have succeeded without an answer: then the next try fits again.
        lease = await self._store.read()
        self._held = lease if lease is not None and self._is_mine(lease) else None

    def _left(self) -> float:
        return self._renewed + self._candidate.times.renew - _now()

    async def _stop(self, task: "asyncio.Future[None]") -> bool:
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=STOP_SECONDS)
        if not done:
            logger.error("The work did not stop in time: the Lease is left to expire")
        return bool(done)

    async def _release(self) -> None:
        if self._held is None:
            return
        spec = self._held["spec"] | {"holderIdentity": "", "leaseDurationSeconds": 1}
        with suppress(errors.KubeError, TimeoutError):
            async with asyncio.timeout(self._candidate.times.retry):
                await self._store.write(self._held | {"spec": spec})
                logger.info("The Lease is released")


def _now() -> float:
    return asyncio.get_running_loop().time()

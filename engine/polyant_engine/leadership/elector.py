"""The elector: a thread with an event loop of its own that does what the rules in `model.py` say.

It shares nothing with the event loop that serves requests but the interpreter, so neither a long
request nor a full pool delays a renewal. Every call has a time-out and ends in one event; whatever
goes wrong in a call is a failed try. Should the thread itself break, nothing is renewed any more: the
watchdog, armed since the last renewal, ends the process before the lease does.
"""

import asyncio
import contextlib
import logging
import threading
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from polyant_engine.core.clock import Clock
from polyant_engine.leadership import model
from polyant_engine.leadership.events import (
    Action,
    Arm,
    Asked,
    Call,
    Disarm,
    Do,
    Done,
    Event,
    Failed,
    Outrun,
    Seen,
    Start,
    Stop,
    Stopped,
    Tick,
)
from polyant_engine.leadership.fence import Fence, LeadershipLost, Term
from polyant_engine.leadership.metrics import ElectionMetrics
from polyant_engine.leadership.model import Now, Phase, State
from polyant_engine.leadership.ports import Store, StoreFailed, VersionTaken, Watchdog, Work
from polyant_engine.leadership.records import Reason, Record, Times
from polyant_engine.leadership.terms import Promotion

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Who runs."""

    identity: str  # the pod, and a random part of this start
    times: Times
    jitter: float


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What the elector acts on, opened inside its own thread."""

    store: Store
    promotion: Promotion
    fence: Fence
    ping: Callable[[], Awaitable[str | None]]  # why this process cannot work with the database


class Elector:
    """One candidate of the election."""

    def __init__(
        self,
        candidate: Candidate,
        opened: Callable[[], AbstractAsyncContextManager[Tools]],
        watchdog: Watchdog,
        metrics: ElectionMetrics,
        clock: Clock,
    ) -> None:
        self.state = State(me=candidate.identity, times=candidate.times, jitter=candidate.jitter)
        self._opened = opened
        self._watchdog = watchdog
        self._metrics = metrics
        self._clock = clock
        self._work: Work | None = None
        self._loop_at = clock.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._tasks: dict[Call, asyncio.Task[None]] = {}
        self._said: dict[Call, str] = {}
        self._on_end: Callable[[], None] = lambda: None
        self._is_up = threading.Event()
        self.term: Term | None = None

    def start(self, work: Work, on_end: Callable[[], None]) -> None:
        """Start the thread; `on_end` is called in it when all is over."""
        self._work = work
        self._on_end = on_end
        self._loop_at = self._clock.monotonic()
        threading.Thread(target=self._thread, name="elector", daemon=True).start()
        self._is_up.wait()  # some milliseconds; from then on nothing that is told gets lost

    def show_life(self) -> None:
        """Say that the event loop of the process turns."""
        self._loop_at = self._clock.monotonic()

    def tell(self, event: Asked | Stopped) -> None:
        """Hand in an event, from any thread; after the end it is of no interest."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._events.put_nowait, event)

    def _thread(self) -> None:
        try:
            asyncio.run(self._run())
        except Exception:  # noqa: BLE001  the end of a thread; the watchdog knows what to do
            _log.exception("the elector broke: this process leads no more")
        finally:
            self._is_up.set()
            self._on_end()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_up.set()
        async with self._opened() as tools:
            while self.state.phase is not Phase.ENDED:
                self._step(await self._next(), tools)
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _next(self) -> Event:
        wake_at = self.state.wake_at
        pause = None if wake_at is None else max(0.0, wake_at - self._clock.monotonic())
        try:
            async with asyncio.timeout(pause):
                return await self._events.get()
        except TimeoutError:
            return Tick()

    def _step(self, event: Event, tools: Tools) -> None:
        before = self.state.phase
        now = Now(self._clock.monotonic(), self._loop_at)
        self.state, actions = model.step(self.state, event, now)
        if self.state.phase is not before:
            _log.info("election", extra=self._described(before))
        if self.state.phase is not Phase.FOLLOWING and Call.WATCH in self._tasks:
            self._tasks[Call.WATCH].cancel()
        for action in actions:
            self._act(action, tools)

    def _described(self, before: Phase) -> dict[str, object]:
        found: dict[str, object] = {"from": before.value, "to": self.state.phase.value}
        if self.state.epoch:
            found["epoch"] = self.state.epoch
        if self.state.reason is not None:
            found["reason"] = self.state.reason.value
        return found

    def _act(self, action: Action, tools: Tools) -> None:
        match action:
            case Do():
                self._tasks[action.call] = asyncio.create_task(self._call(action, tools))
            case Arm(at):
                self._watchdog.arm(at - self._clock.monotonic())
            case Disarm():
                self._watchdog.disarm()
            case Start():
                self._start_work()
            case Stop(reason):
                self._stop_work(reason)

    def _start_work(self) -> None:
        if self._work is not None and self.term is not None:
            self._metrics.started(self.term.epoch)
            self._work.start(self.term)

    def _stop_work(self, reason: Reason) -> None:
        if self.term is not None:
            self.term.end()  # at once, whatever the other event loop is doing
            self._metrics.stopped(reason)
            self.term = None
        if self._work is not None:
            self._work.stop(reason)

    async def _call(self, do: Do, tools: Tools) -> None:
        since = self._clock.monotonic()
        event: Event = Failed(do.call)
        try:
            event = await self._answered(do, tools, since)
        except VersionTaken:
            event = Outrun(do.call)
        except LeadershipLost as lost:
            _log.warning("the fence refuses this term: %s", lost.message)
            self._events.put_nowait(Asked(Reason.TERM_OVER, lost.epoch))
        except Exception as failed:  # noqa: BLE001  any failure is a failed try
            self._note_failure(do.call, failed)
        finally:
            self._tasks.pop(do.call, None)
            self._events.put_nowait(event)

    async def _answered(self, do: Do, tools: Tools, since: float) -> Event:
        if do.call is Call.WATCH:
            return await self._watched(do, tools.store)
        async with asyncio.timeout(self.state.times.retry):
            event = await self._asked(do, tools, since)
        self._metrics.answered(do.call.value, self._clock.monotonic() - since)
        self._said.pop(do.call, None)
        return event

    async def _asked(self, do: Do, tools: Tools, since: float) -> Event:
        match do.call:
            case Call.READ:
                return Seen(await tools.store.read(), Call.READ)
            case Call.PING:
                await _checked(tools)
                return Done(Call.PING, since)
            case Call.PROMOTE:
                self.term = await tools.promotion.begin(do.epoch, uuid.uuid4())
                return Done(Call.PROMOTE, since, epoch=self.term.epoch)
            case Call.BEAT:
                if self.term is None:
                    raise StoreFailed("there is no term any more")
                await tools.fence.beat(self.term)
                return Done(Call.BEAT, since)
            case _:
                return Done(do.call, since, await tools.store.write(_given(do)))

    async def _watched(self, do: Do, store: Store) -> Event:
        async for record in store.changes(_given(do)):
            self._events.put_nowait(Seen(record, Call.WATCH))
        return Failed(Call.WATCH)

    def _note_failure(self, call: Call, failed: Exception) -> None:
        self._metrics.failed(call.value)
        text = str(failed) or type(failed).__name__
        # Once for each reason: a store that is away for an hour is asked two thousand times.
        level = logging.DEBUG if self._said.get(call) == text else logging.WARNING
        self._said[call] = text
        _log.log(level, "election: %s failed: %s", call.value, text, extra={"call": call.value})


async def _checked(tools: Tools) -> None:
    problem = await tools.ping()
    if problem is not None:
        raise StoreFailed(f"this process is no candidate: {problem}")


def _given(do: Do) -> Record:
    if do.record is None:
        raise ValueError(f"{do.call} needs a record")
    return do.record

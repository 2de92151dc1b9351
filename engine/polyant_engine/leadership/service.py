"""Leadership as the features of this process see it: duties that run while it leads, and the fence.

The elector decides in its own thread; here, on the event loop of the process, its decisions become
calls of the duties. That all duties have stopped is confirmed to the elector, and only then is the
lease given back. A duty that cannot stop is not confirmed, and the watchdog ends the process.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from functools import partial

from polyant_engine.core.database import Executor
from polyant_engine.leadership.elector import Elector
from polyant_engine.leadership.events import Asked, Stopped
from polyant_engine.leadership.fence import Fence, Term
from polyant_engine.leadership.model import State
from polyant_engine.leadership.ports import Duty
from polyant_engine.leadership.records import Reason

LIFE_SECONDS = 0.5

_log = logging.getLogger(__name__)


class Leadership:
    """What this process knows of its leadership; a `Work` of the elector."""

    def __init__(self, elector: Elector, database: Executor) -> None:
        self.fence = Fence(database=database, on_lost=self._lost)
        self._elector = elector
        self._duties: list[Duty] = []
        self._begun: list[Duty] = []
        self._beginning: asyncio.Task[None] | None = None
        self._stopping: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    @property
    def state(self) -> State:
        """Return what the elector knows now."""
        return self._elector.state

    @property
    def term(self) -> Term | None:
        """Return the term of this process, while it leads."""
        return self._elector.term

    def register(self, duty: Duty) -> None:
        """Add work of the leader; before the election starts."""
        self._duties.append(duty)

    def give_up(self, term: Term) -> None:
        """Stop leading, because a duty of that term has failed."""
        self._elector.tell(Asked(Reason.WORK_FAILED, term.epoch))

    def hand_over(self) -> None:
        """Stop leading now and let another replica win."""
        self._elector.tell(Asked(Reason.HANDED_OVER))

    def resign(self) -> None:
        """Take no part in the election any more; what is led is handed over at once."""
        self._elector.tell(Asked(Reason.CLOSING))

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator["Leadership"]:
        """Take part in the election beside whatever happens inside."""
        self._elector.start(self, self._note_end)
        life = asyncio.create_task(self._show_life(), name="signs of life")
        try:
            yield self
        finally:
            self.resign()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.state.times.lease):
                    await self._ended.wait()
            life.cancel()

    def start(self, term: Term) -> None:
        """Start the duties; from the elector's thread."""
        self._post(partial(self._begin, term))

    def stop(self, reason: Reason) -> None:
        """Stop the duties; from the elector's thread."""
        self._post(partial(self._finish, reason))

    def _post(self, call: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is over
            self._loop.call_soon_threadsafe(call)

    def _note_end(self) -> None:
        self._post(self._ended.set)

    def _lost(self, term: Term) -> None:
        self._elector.tell(Asked(Reason.TERM_OVER, term.epoch))

    async def _show_life(self) -> None:
        while True:
            self._elector.show_life()
            await asyncio.sleep(LIFE_SECONDS)

    def _begin(self, term: Term) -> None:
        _log.info("leading", extra={"epoch": term.epoch, "term": str(term.id)})
        self._beginning = asyncio.create_task(self._start_duties(term), name="leader's start")

    async def _start_duties(self, term: Term) -> None:
        try:
            for duty in self._duties:
                self._begun.append(duty)  # also one that fails half-way has something to stop
                await duty.on_started_leading(term)
        except Exception:  # noqa: BLE001  whatever it is, this replica cannot lead
            _log.exception("a duty of the leader failed to start")
            self.give_up(term)

    def _finish(self, reason: Reason) -> None:
        _log.info("leading no more", extra={"reason": reason.value})
        stopping = asyncio.create_task(self._stop_duties(), name="leader's stop")
        self._stopping.add(stopping)
        stopping.add_done_callback(self._stopping.discard)

    async def _stop_duties(self) -> None:
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.gather(self._beginning, return_exceptions=True)
        begun, self._begun = self._begun, []
        outcomes = await asyncio.gather(*map(_stopped, begun), return_exceptions=True)
        failures = [found for found in outcomes if isinstance(found, BaseException)]
        for failure in failures:
            _log.error("a duty of the leader cannot stop: this process will end", exc_info=failure)
        if not failures:
            self._elector.tell(Stopped())

    def describe(self) -> dict[str, object]:
        """Return what an administrator may know."""
        state, term = self.state, self.term
        holder = state.held or state.seen
        return {
            "state": state.phase.value,
            "identity": state.me,
            "holder": holder.holder if holder is not None else None,
            "epoch": term.epoch if term is not None else None,
            "term": str(term.id) if term is not None else None,
            "lastEnd": state.reason.value if state.reason is not None else None,
        }


async def _stopped(duty: Duty) -> None:
    await duty.on_stopped_leading()

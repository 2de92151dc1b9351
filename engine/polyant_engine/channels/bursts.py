"""Let bursts be answered when their time has come, while this process leads.

Their times are in the database and on its clock: here is only somebody who looks. A new leader looks
too, so nothing is handed over.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from polyant_engine.core.errors import DatabaseUnavailable
from polyant_engine.leadership.fence import LeadershipLost, Term

LOOK_SECONDS = 0.5

_log = logging.getLogger(__name__)


class Bursts(Protocol):
    """When bursts are due, and the leader's right to fire them."""

    async def next_due(self) -> float | None:
        """Return the seconds until the next burst is due; none: no burst."""
        ...

    async def fire_bursts(self, term: Term) -> int:
        """Let the bursts whose time has come be answered."""
        ...


class BurstTimers:
    """A `Duty`; `on_fired` hears that turns wait."""

    def __init__(
        self, bursts: Bursts, on_fired: Callable[[], None], give_up: Callable[[Term], None]
    ) -> None:
        self._bursts = bursts
        self._on_fired = on_fired
        self._give_up = give_up
        self._work: asyncio.Task[None] | None = None

    async def on_started_leading(self, term: Term) -> None:
        """Begin to look."""
        self._work = asyncio.create_task(self._run(term), name="bursts")

    async def on_stopped_leading(self) -> None:
        """Stop at once: a burst that was not fired waits for the next leader."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def _run(self, term: Term) -> None:
        try:
            while True:
                pause = await self._look(term)
                await asyncio.sleep(pause)
        except LeadershipLost:
            _log.info("the bursts are somebody else's", extra={"epoch": term.epoch})
        except Exception:  # noqa: BLE001  whatever it is, this replica cannot lead
            _log.exception("bursts cannot be fired")
            self._give_up(term)

    async def _look(self, term: Term) -> float:
        """Fire what is due; return after how long to look again."""
        try:
            due = await self._bursts.next_due()
            if due is None or due > 0:
                return LOOK_SECONDS if due is None else min(due, LOOK_SECONDS)
            if await self._bursts.fire_bursts(term):
                self._on_fired()
        except DatabaseUnavailable:
            return LOOK_SECONDS
        return 0.0

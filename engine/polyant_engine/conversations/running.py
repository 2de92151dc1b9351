"""A turn while it runs, as its watchers see it.

The runner emits events into a bounded list; a watcher that reads slowly slows the model down,
which is what back-pressure is for. A watcher that goes away cancels the turn.
"""

import asyncio
from dataclasses import dataclass

from polyant_engine.conversations import model
from polyant_engine.core.errors import PolyantError

MAX_PIECES = 64


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The turn is committed."""

    ending: model.Ending
    finish_reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The turn ended without a complete answer, and that is committed too."""

    error: PolyantError


Event = Text | Finished | Failed


class RunningTurn:
    """The handle of one turn, for one watcher."""

    def __init__(self, opened: model.OpenedTurn, *, is_watched: bool) -> None:
        self.opened = opened
        self.is_lost = False  # somebody else took it; nothing of it may be committed
        self.is_cancelled = False
        self._is_watched = is_watched
        self._pieces: list[str] = []
        self._outcome: Finished | Failed | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    def attach(self, work: asyncio.Task[None]) -> None:
        """Say which task `cancel` stops; a cancellation that came earlier takes effect now."""
        self._work = work
        if self.is_cancelled:
            work.cancel()

    def cancel(self) -> None:
        """Stop the model call; what it said so far is committed as cancelled."""
        self.is_cancelled = True
        self._is_watched = False
        if self._work is not None:
            self._work.cancel()

    async def emit_text(self, text: str) -> None:
        """Pass on a piece of the answer, waiting for room."""
        while self._is_watched and len(self._pieces) >= MAX_PIECES:
            self._room.clear()
            await self._room.wait()
        if self._is_watched:
            self._pieces.append(text)
            self._news.set()

    def finish(self, outcome: Finished | Failed) -> None:
        """Tell how it ended."""
        self._outcome = outcome
        self._news.set()

    async def next_event(self) -> Event:
        """Return what is new; pieces of text that wait already come as one."""
        await self._news.wait()
        if self._pieces:
            text = Text("".join(self._pieces))
            self._pieces.clear()
            self._room.set()
            if self._outcome is None:
                self._news.clear()
            return text
        if self._outcome is None:
            raise AssertionError("news without text or outcome")
        return self._outcome

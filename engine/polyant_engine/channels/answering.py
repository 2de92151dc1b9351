"""Answer the turns that wait, in every replica: claim, run like any other turn, commit with the parts.

What is said is rendered before the commit, so that the parts are in the outbox with the reply or not
at all. Stopping claims nothing more; a turn that cannot end in time is given back, not cut off.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from polyant_engine.channels.model import Content, Kind
from polyant_engine.channels.outbox_store import content_row
from polyant_engine.channels.ports import Renderer
from polyant_engine.conversations import model
from polyant_engine.conversations.model import Ending, OpenedTurn, QueuedTurn, State
from polyant_engine.conversations.ports import Close
from polyant_engine.core.errors import DatabaseUnavailable
from polyant_engine.gateway.ports import Sampling

LOOK_SECONDS = 0.5
MAX_TURNS = 32  # of channels, in one replica; more wait for whoever has room
CLAIM_AT_ONCE = 8
AGENT_OFF = "agent_inactive"

_log = logging.getLogger(__name__)


class Queue(Protocol):
    """Turns that wait."""

    async def claim(self, limit: int) -> list[QueuedTurn]:
        """Take turns that wait."""
        ...

    async def close(
        self, turn: OpenedTurn, ending: Ending, parts: Sequence[Mapping[str, Any]]
    ) -> bool:
        """End a turn with the parts of its reply; tell whether it was still ours."""
        ...

    async def release(self, turn: OpenedTurn) -> bool:
        """Give a turn back; not after a tool wrote, or when it is not ours any more."""
        ...


class Runner(Protocol):
    """Runs turns that are open; `conversations.Turns` does."""

    def resume(
        self, opened: OpenedTurn, request: model.Request, close: Close
    ) -> asyncio.Task[None]:
        """Let an open turn run until `close` has committed it."""
        ...


class Answering:
    """The loop that claims."""

    def __init__(self, queue: Queue, runner: Runner, renderers: Mapping[Kind, Renderer]) -> None:
        self._queue = queue
        self._runner = runner
        self._renderers = renderers
        self._wake = asyncio.Event()
        self._is_draining = False
        self._drained_at = 0.0
        self._open: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Look at once: there may be something new."""
        self._wake.set()

    def drain(self) -> None:
        """Claim nothing more; what runs goes on."""
        if not self._is_draining:
            self._is_draining = True
            self._drained_at = asyncio.get_running_loop().time()
        self.wake()

    async def finish(self, seconds: float) -> None:
        """Let what runs end, for so long since `drain`; what is left is cancelled by its runner."""
        self.drain()
        left = self._drained_at + seconds - asyncio.get_running_loop().time()
        if self._open:
            await asyncio.wait(tuple(self._open), timeout=max(0.0, left))

    async def run(self) -> None:
        """Claim until it is drained or cancelled."""
        while not self._is_draining:
            self._wake.clear()
            try:
                is_more = await self._claim()
            except DatabaseUnavailable:
                is_more = False
            except Exception:  # noqa: BLE001  whatever it is, messages wait to be answered
                _log.exception("turns could not be claimed; it is tried again")
                is_more = False
            if not is_more:
                await self._pause()

    async def _claim(self) -> bool:
        """Start what fits; tell whether to look again at once."""
        room = min(CLAIM_AT_ONCE, MAX_TURNS - len(self._open))
        if room <= 0:
            return False
        claimed = await self._queue.claim(room)
        for turn in claimed:
            await self._start(turn)
        return len(claimed) == room

    async def _start(self, turn: QueuedTurn) -> None:
        if not turn.is_active:
            off = Ending(state=State.CANCELLED, error=AGENT_OFF)
            await self._queue.close(turn.opened, off, [])
            return
        commit = partial(self._commit, turn)
        task = self._runner.resume(turn.opened, _request(turn), commit)
        self._open.add(task)
        task.add_done_callback(self._forget)

    async def _commit(self, turn: QueuedTurn, ending: Ending) -> bool:
        """Store how a turn ended, with what is to be sent; one that was stopped is given back."""
        if ending.state is State.CANCELLED and await self._queue.release(turn.opened):
            return True
        parts = [content_row(content) for content in self._contents(turn, ending)]
        return await self._queue.close(turn.opened, ending, parts)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        self.wake()

    def _contents(self, turn: QueuedTurn, ending: Ending) -> Sequence[Content]:
        renderer = self._renderers[Kind(turn.channel)]
        said = ending.text if ending.state is State.DONE else model.APOLOGY
        return renderer.render(said, turn.chat)

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._wake.wait()


def _request(turn: QueuedTurn) -> model.Request:
    """Ask what was said; of files, for now, that they came."""
    files = [f"[{found['kind']}]" for found in turn.attachments]
    return model.Request(
        slug=turn.opened.agent.slug,
        caller=model.Caller(),
        chat_id=None,
        text="\n".join(line for line in (turn.text, *files) if line),
        earlier=(),
        instructions=(),
        sampling=Sampling(),
        stream=False,
    )

"""Send what is in the outbox, while this process leads.

One loop speaks to the database: it tells what became of parts, judges what nobody sends any more, and
claims the next ones. Each part is sent by a task of its own, so that one slow chat holds up no other.

Nothing is claimed while a mark cannot be written, and a claim whose answer was lost is found by
`settle`. Stopping lets sends that run end for a moment; what is cut off stays `sending`, and the next
leader judges it by the policy: it may have been delivered.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from polyant_engine.channels import retrying
from polyant_engine.channels.model import Outcome, Unknown
from polyant_engine.channels.permits import TimedPermit
from polyant_engine.channels.ports import Adapter, PermitExpired
from polyant_engine.channels.retrying import ClaimedPart, Mark
from polyant_engine.core import clock
from polyant_engine.core.errors import DatabaseUnavailable
from polyant_engine.leadership.fence import LeadershipLost, Term

POLL_SECONDS = 0.5
SETTLE_SECONDS = 5.0
SEND_SECONDS = 30.0
STOP_SECONDS = 1.0
MAX_IN_FLIGHT = 64

_log = logging.getLogger(__name__)


class Outbox(Protocol):
    """The leader's writes to the outbox."""

    async def settle(
        self, term: Term, in_flight: Collection[uuid.UUID], *, is_sent_again: bool
    ) -> int:
        """Decide about the parts in flight that nobody is sending any more."""
        ...

    async def claim(
        self, term: Term, channels: Collection[uuid.UUID], limit: int
    ) -> list[ClaimedPart]:
        """Take parts to send now."""
        ...

    async def mark(self, term: Term, marks: Sequence[Mark]) -> int:
        """Tell what became of parts."""
        ...

    async def pause(self, term: Term, channel_id: uuid.UUID, seconds: float, reason: str) -> None:
        """Send nothing of a channel for a while."""
        ...


class Sender:
    """A `Duty`."""

    def __init__(
        self,
        outbox: Outbox,
        adapters: Callable[[], Mapping[uuid.UUID, Adapter]],
        give_up: Callable[[Term], None],
        *,
        is_sent_again: bool,
    ) -> None:
        self._outbox = outbox
        self._adapters = adapters
        self._give_up = give_up
        self._is_sent_again = is_sent_again
        self._wake = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._sending: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._marks: dict[uuid.UUID, Mark] = {}
        self._pauses: dict[uuid.UUID, tuple[float, str]] = {}

    def wake(self) -> None:
        """Look at the outbox at once: there may be something new."""
        self._wake.set()

    async def on_started_leading(self, term: Term) -> None:
        """Begin to send."""
        self._is_stopping = False
        self._work = asyncio.create_task(self._run(term), name="sender")

    async def on_stopped_leading(self) -> None:
        """Return when nothing is written to any vendor any more."""
        self._is_stopping = True
        self.wake()
        # What was claimed is handed to tasks before the loop looks at the flag: nothing is stranded.
        await _ended([self._work] if self._work is not None else [])
        await _ended(list(self._sending.values()))
        self._marks.clear()
        self._pauses.clear()

    async def _run(self, term: Term) -> None:
        try:
            await self._send_all(term)
        except LeadershipLost:
            _log.info("the outbox is somebody else's", extra={"epoch": term.epoch})
        except Exception:  # noqa: BLE001  whatever it is, this replica cannot lead
            _log.exception("the outbox cannot be sent")
            self._give_up(term)

    async def _send_all(self, term: Term) -> None:
        settled_at: float | None = None
        while not self._is_stopping or self._sending or self._marks:
            self._wake.clear()
            now = asyncio.get_running_loop().time()
            try:
                await self._tell(term)
                if settled_at is None or now - settled_at >= SETTLE_SECONDS:
                    await self._settle(term)
                    settled_at = now
                if not self._is_stopping:
                    await self._claim(term)
            except DatabaseUnavailable:
                settled_at = None  # a claim may have been made that we never heard of
                await asyncio.sleep(POLL_SECONDS)
            await self._pause()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()

    async def _tell(self, term: Term) -> None:
        for channel_id, (seconds, reason) in list(self._pauses.items()):
            await self._outbox.pause(term, channel_id, seconds, reason)
            self._pauses.pop(channel_id, None)
        if marks := dict(self._marks):
            await self._outbox.mark(term, list(marks.values()))
            for part_id in marks:
                self._marks.pop(part_id, None)

    async def _settle(self, term: Term) -> None:
        ours = {*self._sending, *self._marks}
        if count := await self._outbox.settle(term, ours, is_sent_again=self._is_sent_again):
            _log.warning("%d parts were left in flight", count, extra={"epoch": term.epoch})

    async def _claim(self, term: Term) -> None:
        room = MAX_IN_FLIGHT - len(self._sending)
        adapters = self._adapters()
        if room <= 0 or not adapters or self._marks:
            return
        since = clock.boottime()
        for claimed in await self._outbox.claim(term, list(adapters), room):
            sending = self._send(claimed, adapters[claimed.part.channel_id], TimedPermit(since))
            task = asyncio.create_task(sending, name=f"part {claimed.part.id}")
            self._sending[claimed.part.id] = task

    async def _send(self, claimed: ClaimedPart, adapter: Adapter, permit: TimedPermit) -> None:
        part = claimed.part
        try:
            outcome = await _outcome(claimed, adapter, permit)
            if outcome is None:
                self._marks[part.id] = retrying.put_back(claimed)
                return
            self._marks[part.id] = retrying.mark_of(claimed, outcome)
            if (seconds := retrying.pause_of(outcome)) is not None:
                self._pauses[part.channel_id] = (seconds, self._marks[part.id].reason)
        finally:
            self._sending.pop(part.id, None)
            self.wake()


async def _outcome(claimed: ClaimedPart, adapter: Adapter, permit: TimedPermit) -> Outcome | None:
    """Send once; nothing: the permit had expired, and nothing was written."""
    try:
        permit.check()
        async with asyncio.timeout(SEND_SECONDS):
            return await adapter.send(claimed.part, permit)
    except PermitExpired:
        return None
    except TimeoutError:
        return Unknown(f"No answer within {SEND_SECONDS:.0f} s.")
    except Exception:  # noqa: BLE001  a bug of an adapter: whatever it did, it may have sent
        _log.exception("an adapter failed to send", extra={"part": str(claimed.part.id)})
        return Unknown("The adapter failed unexpectedly; the log of the leader says how.")


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait a moment, then cancel, and return when all are over."""
    if not tasks:
        return
    await asyncio.wait(tasks, timeout=STOP_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

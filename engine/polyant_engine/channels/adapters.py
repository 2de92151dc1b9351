"""The adapters of this leader: one for each configured channel, started, replaced and stopped.

What should be at work is asked once a second, so a changed configuration is there within a second
and nobody has to tell anybody. How adapters are is told to everybody through the database.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from polyant_engine.channels.model import Account, Kind, Live, LiveState
from polyant_engine.channels.ports import Adapter, Intake, Vendor
from polyant_engine.core.errors import BadRequest, DatabaseUnavailable
from polyant_engine.leadership.fence import LeadershipLost, Term

LOOK_SECONDS = 1.0
# An adapter that cannot be stopped may still poll: then nothing is confirmed, and the process ends.
STOP_SECONDS = 1.8
LOCKED = "Its secrets do not open with the encryption keys of this installation: give them again."
UNKNOWN_KIND = "This version of the engine knows no channels of this kind."
BROKEN = "It cannot be started; the log of the leader says why."
SENDS = frozenset({LiveState.RUNNING, LiveState.DEGRADED})

_log = logging.getLogger(__name__)


class Accounts(Protocol):
    """Which channels should be at work."""

    async def versions(self) -> Mapping[uuid.UUID, int]:
        """Return the version of each: cheap."""
        ...

    async def all(self) -> Sequence[Account]:
        """Return the accounts with their secrets."""
        ...


class States(Protocol):
    """Tells everybody how adapters are."""

    async def tell_states(self, term: Term, states: Mapping[uuid.UUID, Live]) -> None:
        """Store live states."""
        ...


class AdapterPool:
    """A `Duty`."""

    def __init__(
        self,
        accounts: Accounts,
        states: States,
        vendors: Mapping[Kind, Vendor],
        intake: Intake,
        give_up: Callable[[Term], None],
    ) -> None:
        self._accounts = accounts
        self._states = states
        self._vendors = vendors
        self._intake = intake
        self._give_up = give_up
        self._adapters: dict[uuid.UUID, tuple[int, Adapter]] = {}
        self._left_out: dict[uuid.UUID, int] = {}  # cannot be built, until they are changed
        self._failed: dict[uuid.UUID, Live] = {}  # how those are that are left out
        self._told: dict[uuid.UUID, Live] = {}
        self._work: asyncio.Task[None] | None = None

    def working(self) -> dict[uuid.UUID, Adapter]:
        """Return the adapters that can send now."""
        return {
            channel_id: adapter
            for channel_id, (_, adapter) in self._adapters.items()
            if adapter.live.state in SENDS
        }

    def states(self) -> dict[uuid.UUID, Live]:
        """Return how all channels are that should be at work."""
        adapters = {channel_id: adapter.live for channel_id, (_, adapter) in self._adapters.items()}
        return {**self._failed, **adapters}

    async def on_started_leading(self, term: Term) -> None:
        """Begin to keep adapters at work."""
        self._told.clear()
        self._left_out.clear()
        self._failed.clear()
        self._work = asyncio.create_task(self._run(term), name="adapters")

    async def on_stopped_leading(self) -> None:
        """Return when no adapter receives any more; an error means that one may."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        async with asyncio.timeout(STOP_SECONDS):
            await asyncio.gather(*(adapter.stop() for _, adapter in self._adapters.values()))
        self._adapters.clear()

    async def _run(self, term: Term) -> None:
        try:
            while True:
                await self._look(term)
                await asyncio.sleep(LOOK_SECONDS)
        except LeadershipLost:
            _log.info("the channels are somebody else's", extra={"epoch": term.epoch})
        except Exception:  # noqa: BLE001  whatever it is, this replica cannot lead
            _log.exception("channels cannot be kept at work")
            self._give_up(term)

    async def _look(self, term: Term) -> None:
        try:
            wanted = await self._accounts.versions()
            if dict(wanted) != self._known():
                await self._change(term, wanted)
            await self._tell(term)
        except DatabaseUnavailable:
            _log.warning("the database is away; channels stay as they are")

    def _known(self) -> dict[uuid.UUID, int]:
        running = {channel_id: version for channel_id, (version, _) in self._adapters.items()}
        return {**running, **self._left_out}

    async def _change(self, term: Term, wanted: Mapping[uuid.UUID, int]) -> None:
        accounts = {account.id: account for account in await self._accounts.all()}
        for channel_id, (version, adapter) in list(self._adapters.items()):
            if wanted.get(channel_id) != version:
                await adapter.stop()
                del self._adapters[channel_id]
                self._told.pop(channel_id, None)
        for channel_id in self._failed:
            self._told.pop(channel_id, None)
        self._left_out = {
            channel_id: version
            for channel_id, version in wanted.items()
            if channel_id not in self._adapters
        }
        self._failed = {
            channel_id: _failed(LOCKED)
            for channel_id in self._left_out
            if channel_id not in accounts
        }
        for account in accounts.values():
            if account.id in self._left_out:
                await self._begin(term, account)

    async def _begin(self, term: Term, account: Account) -> None:
        vendor = self._vendors.get(account.kind)
        if vendor is None:
            self._failed[account.id] = _failed(UNKNOWN_KIND)
            return
        try:
            adapter = vendor.make(account, self._intake)
        except BadRequest as wrong:
            self._failed[account.id] = _failed(wrong.message)
            return
        except Exception:  # noqa: BLE001  one wrong configuration stops no other channel
            _log.exception("a channel cannot be built", extra={"channel": str(account.id)})
            self._failed[account.id] = _failed(BROKEN)
            return
        # Entered first: also one that fails half-way has something to stop.
        self._adapters[account.id] = (account.version, adapter)
        self._left_out.pop(account.id, None)
        await adapter.start(term)

    async def _tell(self, term: Term) -> None:
        states = self.states()
        news = {key: live for key, live in states.items() if self._told.get(key) != live}
        if news:
            await self._states.tell_states(term, news)
            self._told.update(news)


def _failed(reason: str) -> Live:
    return Live(state=LiveState.FAILED, reason=reason)

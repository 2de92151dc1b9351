"""The poll loop of one bot: long polls, each confirmed only after its updates are stored.

    hello -> (getUpdates -> store with the next offset) forever

getUpdates with an offset confirms everything before it, so an offset is used once the updates before
it are stored, never earlier. Two traps of the vendor's:

* After a week without updates the ids begin anew, at random. An offset far beyond the newest id
  is not believed, and the same updates come again and again. So the next offset follows the last
  id that came, higher or lower, and an offset is forgotten after six idle days.
* Two pollers: the one that waits gets 409 when the other asks. Backing off leaves the bot to the
  other, which is better than each cutting the other's polls, and it is told.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Protocol

from polyant_engine.channels.model import Account, Live, LiveState
from polyant_engine.channels.ports import InboxFull, Intake
from polyant_engine.channels.telegram.api import CALL_SECONDS, BotApiError, NotUnderstood, Refused
from polyant_engine.channels.telegram.configuration import Configuration
from polyant_engine.channels.telegram.reading import WANTED, read
from polyant_engine.channels.telegram.wire import Me
from polyant_engine.core import errors
from polyant_engine.core.clock import Clock

POLL_SECONDS = 25
MOST_UPDATES = 100
LARGEST_ID = 2**62
# The vendor answers within the poll's time; the rest is the network's.
ANSWER_SECONDS = 15
IDLE_SECONDS = 6 * 24 * 3600.0
# An answer that comes at once with nothing new in it must not make a busy loop.
PAUSE_SECONDS = 1.0
OTHER_POLLER_SECONDS = (5.0, 30.0)
TROUBLE_SECONDS = (1.0, 60.0)

LONGEST_WAIT = 3600.0

CONFLICT = 409
REJECTED = "Telegram does not accept the bot's token: enter the one that @BotFather shows."
OTHER_POLLER = (
    "Another program fetches this bot's messages: "
    "stop it, or make a bot of its own for one of the two at @BotFather."
)
WEBHOOK_SET = (
    "Another program has set a webhook for this bot: "
    "stop it, then switch this channel off and on to take the bot back."
)
CONFLICTS = frozenset({OTHER_POLLER, WEBHOOK_SET})

_LOG = logging.getLogger(__name__)


@dataclass
class Backoff:
    """Longer and longer waits, each between a half and the whole of its step."""

    random: Random
    tries: int = 0

    def next(self, first: float, longest: float) -> float:
        """Return the wait before the next try."""
        step = min(first * 2.0 ** min(self.tries, 20), longest)
        self.tries += 1
        return step * self.random.uniform(0.5, 1)


class Calls(Protocol):
    """The Bot API as one bot."""

    async def call(
        self, method: str, arguments: Mapping[str, Any], *, seconds: float = CALL_SECONDS
    ) -> Any:
        """Return the result of a method, or raise `BotApiError`."""
        ...


@dataclass
class Poller:
    """Fetches the updates of one bot; `run` ends only when the token is refused."""

    api: Calls
    account: Account
    configuration: Configuration
    intake: Intake
    clock: Clock
    tell: Callable[[Live], None]
    random: Random = field(default_factory=Random)
    _offset: int | None = None
    _last_heard: float = 0
    _is_proved: bool = False  # the last poll went well, so a long one is in order

    def __post_init__(self) -> None:
        self._backoff = Backoff(self.random)

    async def run(self) -> None:
        """Say hello and poll, again after whatever goes wrong."""
        self.tell(Live(state=LiveState.STARTING))
        me: Me | None = None
        while True:
            try:
                me = me or await self._hello()
                await self._poll(me)
            except Refused as refused:
                if refused.is_token:
                    self.tell(Live(state=LiveState.FAILED, reason=REJECTED))
                    return
                await self._wait(*self._refusal(refused))
            except InboxFull as full:
                await self._wait("Too many messages wait to be answered.", full.seconds)
            except (BotApiError, errors.PolyantError) as failed:
                await self._wait(str(failed), self._backoff.next(*TROUBLE_SECONDS))
            except Exception as failed:  # noqa: BLE001  nobody would see a poller that ended silently
                _LOG.exception("poller", extra={"channel": str(self.account.id)})
                reason = f"Internal error: {type(failed).__name__}."
                await self._wait(reason, self._backoff.next(*TROUBLE_SECONDS))

    async def _hello(self) -> Me:
        """Learn who we are, end a webhook of an earlier mode, and go on from the stored offset."""
        found = await self.api.call("getMe", {})
        try:
            me = Me.model_validate(found)
        except ValueError:
            raise NotUnderstood("Telegram did not say who the bot is.") from None
        await self.api.call("deleteWebhook", {"drop_pending_updates": False})
        self._offset = await self.intake.offset(self.account)
        self._last_heard = self.clock.monotonic()
        return me

    async def _poll(self, me: Me) -> None:
        started = self.clock.monotonic()
        if started - self._last_heard > IDLE_SECONDS:
            self._offset = None
        updates = await self._updates()
        is_news = bool(updates) and await self._store(updates, me)
        self._is_proved = True
        self._backoff.tries = 0
        self.tell(Live(state=LiveState.RUNNING))
        if not is_news and self.clock.monotonic() - started < PAUSE_SECONDS:
            await asyncio.sleep(PAUSE_SECONDS * self.random.uniform(0.5, 1))

    async def _updates(self) -> Sequence[Mapping[str, Any]]:
        # The first poll, and one after trouble, comes back at once: so it is known soon how it is.
        seconds = POLL_SECONDS if self._is_proved else 0
        asked = {"timeout": seconds, "limit": MOST_UPDATES, "allowed_updates": WANTED}
        offset = {} if self._offset is None else {"offset": self._offset}
        found = await self.api.call(
            "getUpdates", {**asked, **offset}, seconds=seconds + ANSWER_SECONDS
        )
        if not isinstance(found, list) or not all(map(_has_id, found)):
            raise NotUnderstood("Telegram answered with something else than updates.")
        return found

    async def _store(self, updates: Sequence[Mapping[str, Any]], me: Me) -> bool:
        """Store updates with the offset behind them, and tell whether some were new."""
        events = [read(update, me, self.configuration) for update in updates]
        following = updates[-1]["update_id"] + 1
        stored = await self.intake.store(self.account, events, offset=following)
        self._offset = following
        self._last_heard = self.clock.monotonic()
        return stored.new > 0

    def _refusal(self, refused: Refused) -> tuple[str, float]:
        if refused.code == CONFLICT:
            return _conflict(refused), self._backoff.next(*OTHER_POLLER_SECONDS)
        wait = self._backoff.next(*TROUBLE_SECONDS)
        return refused.description, min(max(refused.retry_after or 0, wait), LONGEST_WAIT)

    async def _wait(self, reason: str, seconds: float) -> None:
        # A poll that does not wait would not meet the other poller, and prove nothing.
        self._is_proved = reason in CONFLICTS
        until = self.clock.now() + timedelta(seconds=seconds)
        self.tell(Live(state=LiveState.DEGRADED, reason=reason, next_try=until))
        await asyncio.sleep(seconds)


def _has_id(update: Any) -> bool:
    number = update.get("update_id") if isinstance(update, dict) else None
    return type(number) is int and 0 < number < LARGEST_ID


def _conflict(refused: Refused) -> str:
    return WEBHOOK_SET if "webhook" in refused.description else OTHER_POLLER

"""One account at work: calls that send. What comes in comes by webhooks, to any replica.

Once started, the credentials are tried; if Twilio refuses them, only other ones help. Before each
message it is asked whether the contact opted out, and whether WhatsApp takes more than a template.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any, Protocol

from polyant_engine.channels import model
from polyant_engine.channels.model import Account, Address, Live, LiveState, Outcome, Part
from polyant_engine.channels.ports import Permit
from polyant_engine.channels.twilio import api, sending
from polyant_engine.channels.twilio.configuration import WHATSAPP, Configuration
from polyant_engine.channels.twilio.ports import Contacts, Standing
from polyant_engine.channels.twilio.statuses import reason_of
from polyant_engine.core.clock import Clock
from polyant_engine.core.errors import PolyantError
from polyant_engine.leadership.fence import Term

REJECTED = (
    "Twilio does not accept the credentials: compare accountSid and authToken, or the API key, "
    "with the Twilio Console."
)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
TYPING_SECONDS = 20.0  # the vendor shows it for 25
MOST_TYPING = 10_000
FORBIDDEN = 403

_LOG = logging.getLogger(__name__)


class Calls(Protocol):
    """The API as one account; each may raise `api.ApiError`."""

    async def create_message(self, asked: Mapping[str, str], permit: Permit) -> Mapping[str, Any]:
        """Send a message."""
        ...

    async def type(self, message_sid: str) -> None:
        """Show that an answer is being written."""
        ...

    async def check(self) -> None:
        """Try the credentials."""
        ...


class TwilioAdapter:
    """A channel of one account; built without I/O."""

    def __init__(
        self,
        account: Account,
        configuration: Configuration,
        calls: Calls,
        contacts: Contacts,
        clock: Clock,
        callback: Callable[[Part], str | None],
    ) -> None:
        self._account, self._configuration = account, configuration
        self._api, self._contacts, self._clock = calls, contacts, clock
        self._callback = callback
        self._live = Live(state=LiveState.STARTING)
        self._task: asyncio.Task[None] | None = None
        self._typed: dict[str, float] = {}
        self._random = Random()  # noqa: S311  spreads tries, hides nothing

    @property
    def live(self) -> Live:
        """Return how it is."""
        return self._live

    async def start(self, term: Term) -> None:  # noqa: ARG002  nothing here is fenced
        """Begin to try the credentials."""
        self._task = asyncio.create_task(self._check(), name=f"twilio-{self._account.name}")

    async def stop(self) -> None:
        """Return when nothing runs any more."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])

    async def send(self, part: Part, permit: Permit) -> Outcome:
        """Send one message, unless the contact wants none."""
        if reason := sending.problem(part, self._configuration):
            return model.Refused(reason=reason, is_permanent=True)
        try:
            standing = await self._contacts.standing(self._account, part.address.chat)
        except PolyantError as failed:
            return model.Refused(reason=failed.message, is_permanent=False)
        if standing.is_opted_out:
            return model.Refused(reason=sending.SAID_STOP, is_permanent=True)
        return await self._sent(part, standing, permit)

    async def typing(self, address: Address) -> None:
        """Show for 25 seconds that an answer is being written; WhatsApp only."""
        now, chat = self._clock.monotonic(), address.chat
        if not chat.startswith(WHATSAPP) or self._typed.get(chat, -TYPING_SECONDS) > now:
            return
        if len(self._typed) >= MOST_TYPING:
            self._typed.clear()
        self._typed[chat] = now + TYPING_SECONDS
        with contextlib.suppress(api.ApiError, PolyantError):
            standing = await self._contacts.standing(self._account, chat)
            if standing.last_message and not standing.is_opted_out:
                await self._api.type(standing.last_message)

    async def _sent(self, part: Part, standing: Standing, permit: Permit) -> Outcome:
        asked = sending.request(
            part, self._configuration, self._callback(part), is_late=not standing.is_heard
        )
        if asked is None:
            return model.Refused(reason=sending.LATE, is_permanent=True)
        try:
            outcome = sending.sent(await self._api.create_message(asked, permit))
        except api.ApiError as error:
            await self._learn(part.address.chat, error)
            return sending.failed(error, part.attempt)
        self._tell(Live(state=LiveState.RUNNING))
        return outcome

    async def _learn(self, chat: str, error: api.ApiError) -> None:
        """Note what an error says of the channel or of the contact."""
        if not isinstance(error, api.Refused):
            self._tell(Live(state=LiveState.DEGRADED, reason=str(error)))
        elif error.is_credentials:
            self._tell(Live(state=LiveState.FAILED, reason=REJECTED))
        elif error.is_haste:
            reason = "Twilio limits how fast this account may send."
            self._tell(Live(state=LiveState.DEGRADED, reason=reason))
        elif error.code == sending.OPTED_OUT:
            with contextlib.suppress(PolyantError):
                await self._contacts.opt_out(self._account, chat)

    async def _check(self) -> None:
        """Try the credentials until something is known of them."""
        pause = FIRST_PAUSE_SECONDS
        while (live := await self._tried()).state is LiveState.DEGRADED:
            seconds = pause * self._random.uniform(0.5, 1)
            until = self._clock.now() + timedelta(seconds=seconds)
            self._tell(replace(live, next_try=until))
            await asyncio.sleep(seconds)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        self._tell(live)

    async def _tried(self) -> Live:
        try:
            await self._api.check()
        except api.Refused as refused:
            if refused.status == FORBIDDEN:  # a key that may send, but not list
                return Live(state=LiveState.RUNNING)
            if refused.is_credentials:
                return Live(state=LiveState.FAILED, reason=REJECTED)
            reason = reason_of(refused.code, refused.message)
        except api.ApiError as failed:
            reason = str(failed)
        except Exception as failed:  # noqa: BLE001  nobody would see a task that ended silently
            _LOG.exception("twilio", extra={"channel": str(self._account.id)})
            reason = f"Internal error: {type(failed).__name__}."
        else:
            return Live(state=LiveState.RUNNING)
        return Live(state=LiveState.DEGRADED, reason=reason)

    def _tell(self, live: Live) -> None:
        if self._live.state is LiveState.FAILED:
            return  # only another configuration helps
        if replace(live, next_try=None) != replace(self._live, next_try=None):
            known = {"channel": str(self._account.id), "state": live.state.value}
            _LOG.info("twilio", extra={**known, "reason": live.reason})
        self._live = live

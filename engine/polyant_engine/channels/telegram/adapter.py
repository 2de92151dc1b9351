"""One bot at work: a poller that receives, and calls that send."""

import asyncio
import contextlib
import logging
from dataclasses import replace

from polyant_engine.channels import model
from polyant_engine.channels.model import Account, Address, Live, LiveState, Outcome, Part
from polyant_engine.channels.ports import Intake, Permit
from polyant_engine.channels.telegram import sending
from polyant_engine.channels.telegram.api import BotApi, BotApiError, Refused
from polyant_engine.channels.telegram.configuration import configuration
from polyant_engine.channels.telegram.polling import Poller
from polyant_engine.core.clock import Clock
from polyant_engine.leadership.fence import Term

_LOG = logging.getLogger(__name__)


class TelegramAdapter:
    """A channel of one account; built without I/O."""

    def __init__(self, account: Account, api: BotApi, intake: Intake, clock: Clock) -> None:
        self._account, self._api, self._clock = account, api, clock
        self._poller = Poller(
            api=api,
            account=account,
            configuration=configuration(account.settings),
            intake=intake,
            clock=clock,
            tell=self._tell,
        )
        self._live = Live(state=LiveState.STARTING)
        self._task: asyncio.Task[None] | None = None
        self._waits = sending.Waits()
        self._moved: dict[str, int] = {}  # groups that became supergroups

    @property
    def live(self) -> Live:
        """Return how it is."""
        return self._live

    async def start(self, term: Term) -> None:  # noqa: ARG002  the intake needs no fence
        """Begin to poll."""
        self._task = asyncio.create_task(self._poller.run(), name=f"telegram-{self._account.name}")

    async def stop(self) -> None:
        """Return when the request that waits has ended: its connection is closed."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])

    async def send(self, part: Part, permit: Permit) -> Outcome:
        """Send one message; a refusal that names its cure is followed, for nothing was taken."""
        if reason := sending.problem(part):
            return model.Refused(reason=reason, is_permanent=True)
        chat, call = part.address.chat, sending.call(part)
        if chat in self._moved:
            call = call.moved(self._moved[chat])
        try:
            return sending.sent(await self._sent(call, part, permit))
        except BotApiError as error:
            return sending.failed(error, is_whole_bot=self._is_whole_bot(chat, error))

    async def typing(self, address: Address) -> None:
        """Show for five seconds that an answer is being written."""
        arguments = {**sending.place(address), "action": "typing"}
        if address.chat in self._moved:
            arguments["chat_id"] = self._moved[address.chat]
        with contextlib.suppress(BotApiError):
            await self._api.call("sendChatAction", arguments)

    async def _sent(self, call: sending.Call, part: Part, permit: Permit) -> object:
        try:
            return await self._api.call(call.method, call.arguments, permit=permit)
        except Refused as refused:
            cured = self._cured(call, part, refused)
            if cured is None:
                raise
        return await self._api.call(cured.method, cured.arguments, permit=permit)

    def _cured(self, call: sending.Call, part: Part, refused: Refused) -> sending.Call | None:
        if refused.moved_to is not None:
            self._moved[part.address.chat] = refused.moved_to
            return call.moved(refused.moved_to)
        return call.plain() if sending.is_about_looks(refused) else None

    def _is_whole_bot(self, chat: str, error: BotApiError) -> bool:
        if not isinstance(error, Refused) or error.retry_after is None:
            return False
        return self._waits.add(chat, error.retry_after, self._clock.monotonic())

    def _tell(self, live: Live) -> None:
        if replace(live, next_try=None) != replace(self._live, next_try=None):
            known = {"channel": str(self._account.id), "state": live.state.value}
            _LOG.info("telegram", extra={**known, "reason": live.reason})
        self._live = live

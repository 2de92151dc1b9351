"""One app at work: sockets or a webhook that receive, and calls that send."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from polyant_engine.channels import model
from polyant_engine.channels.model import Account, Address, Live, LiveState, Outcome, Part
from polyant_engine.channels.ports import Intake, Permit
from polyant_engine.channels.slack import connection, sending
from polyant_engine.channels.slack.api import (
    Limited,
    NotUnderstood,
    Refused,
    WebApi,
    WebApiError,
)
from polyant_engine.channels.slack.configuration import Mode, configuration
from polyant_engine.channels.slack.reading import Self
from polyant_engine.channels.slack.sockets import TROUBLE_SECONDS, SocketMode
from polyant_engine.channels.telegram.polling import Backoff
from polyant_engine.channels.telegram.sending import Waits
from polyant_engine.core.clock import Clock
from polyant_engine.leadership.fence import Term

BOT_TOKEN = "bot token (xoxb-)"  # noqa: S105  a name
APP_TOKEN = "app-level token (xapp-)"  # noqa: S105  a name

CURES: Mapping[str, str] = {
    "missing_scope": "add the scope {scope} at api.slack.com/apps, install the app again",
    # The vendor says the same of an address that the app is not called from.
    "invalid_auth": "copy a new one from api.slack.com/apps, or add the addresses of this cluster "
    "to the app's allowed ones,",
}

_LOG = logging.getLogger(__name__)


class SlackAdapter:
    """A channel of one account; built without I/O."""

    def __init__(self, account: Account, api: WebApi, intake: Intake, clock: Clock) -> None:
        self._account, self._api, self._intake, self._clock = account, api, intake, clock
        self._configuration = configuration(account.settings)
        self._bot_token = account.secrets["botToken"].strip()
        self._app_token = account.secrets.get("appToken", "").strip()
        self._random = Random()  # noqa: S311  only waits are drawn
        self._live = Live(state=LiveState.STARTING)
        self._task: asyncio.Task[None] | None = None
        self._waits = Waits()
        self._shown = sending.Shown()
        self._shows_status = True

    @property
    def live(self) -> Live:
        """Return how it is."""
        return self._live

    async def start(self, term: Term) -> None:  # noqa: ARG002  the intake needs no fence
        """Begin to receive."""
        self._task = asyncio.create_task(self._run(), name=f"slack-{self._account.name}")

    async def stop(self) -> None:
        """Return when every socket is closed."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])

    async def send(self, part: Part, permit: Permit) -> Outcome:
        """Send one message; a refusal of its looks is followed by the plain text of it."""
        if reason := sending.problem(part):
            return model.Refused(reason=reason, is_permanent=True)
        self._shown.end(part.address)
        try:
            return sending.sent(await self._sent(part, permit))
        except WebApiError as error:
            if isinstance(error, Refused) and error.is_token:
                self._give_up(BOT_TOKEN, error)
            return sending.failed(error, is_whole_account=self._is_whole_account(part, error))

    async def typing(self, address: Address) -> None:
        """Show in a thread that an answer is being written; the vendor shows it nowhere else.

        It ends with the answer, or after two minutes. An app that may not show it is asked no more.
        """
        status = sending.status(address)
        if status is None or not self._shows_status:
            return
        if not self._shown.is_due(address, self._clock.monotonic()):
            return
        try:
            await self._api.call("assistant.threads.setStatus", status, self._bot_token)
        except Limited:
            return
        except Refused as refused:
            self._shows_status = not refused.is_token and refused.word != "unknown_method"
        except WebApiError:
            return

    async def _sent(self, part: Part, permit: Permit) -> Mapping[str, Any]:
        send = partial(self._api.call, sending.METHOD, token=self._bot_token, permit=permit)
        try:
            return await send(sending.arguments(part))
        except Refused as refused:
            if not sending.is_about_blocks(refused):
                raise
        return await send(sending.arguments(part, is_plain=True))

    def _is_whole_account(self, part: Part, error: WebApiError) -> bool:
        if not isinstance(error, Limited):
            return False
        if error.word == "message_limit_exceeded":
            return True
        return self._waits.add(part.address.chat, error.seconds, self._clock.monotonic())

    async def _run(self) -> None:
        """Say hello and receive; ends when a token is refused."""
        self._tell(Live(state=LiveState.STARTING))
        try:
            me = await self._hello()
        except Refused as refused:
            self._give_up(BOT_TOKEN, refused)
            return
        if self._configuration.mode is Mode.EVENTS:  # any replica receives; the leader sends
            self._tell(Live(state=LiveState.RUNNING))
            return
        sockets = SocketMode(
            dial=partial(connection.opened, self._api.egress, self._api, self._app_token),
            account=self._account,
            configuration=self._configuration,
            me=me,
            intake=self._intake,
            clock=self._clock,
            tell=self._tell,
            random=self._random,
        )
        try:
            await sockets.run()
        except Refused as refused:
            self._give_up(APP_TOKEN, refused)

    async def _hello(self) -> Self:
        """Learn who the app is, however long it takes; raise `Refused` for a token."""
        backoff = Backoff(self._random)
        while True:
            seconds = backoff.next(*TROUBLE_SECONDS)
            try:
                found = await self._api.call("auth.test", {}, self._bot_token, is_read=True)
                team, user = found.get("team_id"), found.get("user_id")
                if isinstance(team, str) and isinstance(user, str):
                    return Self(team=team, user=user)
                raise NotUnderstood("Slack did not say who the app is.")
            except WebApiError as failed:
                if isinstance(failed, Refused) and failed.is_token:
                    raise
                seconds = max(seconds, failed.seconds) if isinstance(failed, Limited) else seconds
                await self._pause(str(failed), seconds)

    async def _pause(self, reason: str, seconds: float) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        self._tell(Live(state=LiveState.DEGRADED, reason=reason, next_try=until))
        await asyncio.sleep(seconds)

    def _give_up(self, token: str, refused: Refused) -> None:
        """Stop for good: nothing that is tried again helps, and what waits to be sent keeps."""
        cure = CURES.get(refused.word, "copy a new one from api.slack.com/apps")
        cure = cure.format(scope=refused.needed or "that is missing")
        reason = f"Slack refuses the {token} with {refused.word}: {cure} and save this channel."
        self._tell(Live(state=LiveState.FAILED, reason=reason))
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    def _tell(self, live: Live) -> None:
        if self._live.state is LiveState.FAILED:
            return
        if replace(live, next_try=None) != replace(self._live, next_try=None):
            known = {"channel": str(self._account.id), "state": live.state.value}
            _LOG.info("slack", extra={**known, "reason": live.reason})
        self._live = live

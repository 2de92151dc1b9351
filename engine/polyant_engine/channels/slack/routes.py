"""`POST /webhooks/slack/<slug>`: the Events API. Any replica answers; nothing here needs the leader.

A request counts if it is signed with the app's secret within five minutes. What is not known is 404
and says nothing else. The vendor is answered once its event is stored, and tries again if it is not
answered within three seconds or with an error: at once, after one minute and after five. So a retry
is read like any other request; what is known already changes nothing.
"""

import asyncio
import logging
from typing import ClassVar, Protocol

from starlette.responses import PlainTextResponse, Response

from polyant_engine.channels.model import Account, Kind
from polyant_engine.channels.ports import Intake
from polyant_engine.channels.slack.configuration import Configuration, Mode, configuration
from polyant_engine.channels.slack.reading import Self, read
from polyant_engine.channels.slack.signature import is_signed
from polyant_engine.channels.slack.wire import parsed
from polyant_engine.core import errors
from polyant_engine.core.calls import Call
from polyant_engine.core.clock import Clock
from polyant_engine.core.routing import Endpoint, public

PATH = "/webhooks/slack/{slug}"
# 40,000 characters of text are told thrice, as text, as blocks and as what was there before.
LARGEST_BODY = 1024 * 1024
BODY_SECONDS = 3.0  # the vendor does not wait longer for the answer
LONGEST_CHALLENGE = 1000

_ACCESS = public("signed by Slack with the app's signing secret; the handler verifies it")
_LOG = logging.getLogger(__name__)


class Accounts(Protocol):
    """The channels that are switched on, with their secrets opened."""

    async def of_agent(self, slug: str, kind: Kind) -> Account | None:
        """Return the channel of an agent."""
        ...


class NotSigned(errors.Unauthenticated):
    """Whoever sends this does not know the app's signing secret, or repeats an old request."""

    default_code: ClassVar[str | None] = "invalid_signature"


class TooSlow(errors.PolyantError):
    """The request does not come to its end."""

    status = 408
    title = "Request Timeout"
    kind = "invalid_request_error"


class SlackWebhooks:
    """The handler."""

    def __init__(self, accounts: Accounts, intake: Intake, clock: Clock) -> None:
        self._accounts, self._intake, self._clock = accounts, intake, clock

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return what this feature serves."""
        return (Endpoint("POST", PATH, self.event, _ACCESS, LARGEST_BODY),)

    async def event(self, call: Call) -> Response:
        """Store an event, and answer once it is stored."""
        account = await self._accounts.of_agent(call.path("slug"), Kind.SLACK)
        known = _configuration(account)
        if account is None or known is None or known.mode is not Mode.EVENTS:
            raise errors.NotFound("Not found.")
        told = await self._told(call, account)
        if told.get("type") == "url_verification":
            return PlainTextResponse(str(told.get("challenge") or "")[:LONGEST_CHALLENGE])
        if told.get("type") == "event_callback" and _is_of(account, told):
            await self._intake.store(account, [read(told, known, Self())])
        return Response()

    async def _told(self, call: Call, account: Account) -> dict[str, object]:
        body, secret = await _body(call), account.secrets.get("signingSecret", "").strip()
        if not is_signed(secret, call.request.headers, body, self._clock.now().timestamp()):
            _LOG.warning(
                "an event is not signed with the channel's signingSecret, or is old",
                extra={"channel": str(account.id)},
            )
            raise NotSigned("Invalid Slack signature.")
        told = parsed(body)
        if not isinstance(told, dict):
            raise errors.BadRequest("An event is a JSON object.")
        return told


def _is_of(account: Account, told: dict[str, object]) -> bool:
    return told.get("api_app_id") in (None, account.name)


def _configuration(account: Account | None) -> Configuration | None:
    try:
        return None if account is None else configuration(account.settings)
    except errors.BadRequest:
        return None


async def _body(call: Call) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await call.body()
    except TimeoutError:
        raise TooSlow(f"The body did not come within {BODY_SECONDS:g} seconds.") from None

"""`/webhooks/twilio`: what Twilio tells us. Any replica answers; nothing here needs the leader.

    POST /webhooks/twilio/<slug>/whatsapp[/<secret>]              a message
    POST /webhooks/twilio/channels/<channel>/status[/<secret>]    what became of one of ours

With an auth token a request counts if it is signed with it; with an API key, which cannot verify
signatures, if its path holds the channel's secret. What is not known is 404 and says nothing else.
Twilio is answered once everything is committed: an empty TwiML, so that it sends nothing itself.
"""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple

from starlette.responses import Response
from starlette.types import Scope

from polyant_engine.channels.model import Account, Event, Kind
from polyant_engine.channels.ports import Intake
from polyant_engine.channels.twilio import reading, signature
from polyant_engine.channels.twilio.callbacks import PART, SECRET, STATUS, part_of
from polyant_engine.channels.twilio.configuration import AuthMode, Configuration, configuration
from polyant_engine.channels.twilio.ports import Accounts, Contacts, Deliveries
from polyant_engine.channels.twilio.statuses import status
from polyant_engine.channels.twilio.words import word_of
from polyant_engine.core import errors
from polyant_engine.core.calls import Call
from polyant_engine.core.routing import Endpoint, public

INBOUND = "/webhooks/twilio/{slug}/whatsapp"
# Text of 1,600 characters, ten files with their URLs and the rest stay well below.
LARGEST_BODY = 128 * 1024
BODY_SECONDS = 10.0
TWIML = "<Response/>"

_ACCESS = public("signed by Twilio, or with a secret in the path; the handler verifies it")
_LOG = logging.getLogger(__name__)


class TooSlow(errors.PolyantError):
    """The request does not come to its end."""

    status = 408
    title = "Request Timeout"
    kind = "invalid_request_error"


class NotSigned(errors.Forbidden):
    """Whoever sends this does not know the account's token."""

    default_code: ClassVar[str | None] = "invalid_signature"


class TwilioWebhooks:
    """The handlers; `url_of` gives the public URL of a request as Twilio was told it."""

    def __init__(
        self,
        accounts: Accounts,
        intake: Intake,
        contacts: Contacts,
        deliveries: Deliveries,
        url_of: Callable[[Scope], str],
        vendor_url: str,
    ) -> None:
        self._accounts, self._intake = accounts, intake
        self._contacts, self._deliveries = contacts, deliveries
        self._url_of, self._vendor_url = url_of, vendor_url

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return what this feature serves."""
        return tuple(
            Endpoint("POST", path + secret, handler, _ACCESS, LARGEST_BODY)
            for path, handler in ((INBOUND, self.inbound), (STATUS, self.status))
            for secret in ("", SECRET)
        )

    async def inbound(self, call: Call) -> Response:
        """Store a message, and answer once it is stored."""
        found = await self._accounts.of_agent(call.path("slug"), Kind.WHATSAPP)
        account, known, told = await self._admitted(call, found)
        sid = reading.message_id(told)
        if sid is None:
            raise errors.BadRequest("A message needs a MessageSid.", param="MessageSid")
        event = reading.read(sid, told, known, self._vendor_url)
        if event.address is not None and event.event is Event.MESSAGE:
            word = word_of(told)
            is_out = await self._contacts.hear(account, event.address.chat, sid, word)
            event = reading.silenced(event, word, is_opted_out=is_out)
        await self._intake.store(account, [event])
        return _answer()

    async def status(self, call: Call) -> Response:
        """Note how far a message of ours came."""
        channel = part_of(call.path("channel"))
        found = await self._accounts.by_id(channel) if channel else None
        account, _, told = await self._admitted(call, found)
        part, news = part_of(call.request.query_params.get(PART, "")), status(told)
        if part is not None and news is not None:
            await self._deliveries.tell(account.id, part, news)
        return _answer()

    async def _admitted(self, call: Call, account: Account | None) -> "_Admitted":
        """Return whose channel it is and what is told, if Twilio tells it."""
        known = _configuration(account)
        if account is None or known is None or not _is_path_right(call, known):
            raise errors.NotFound("Not found.")
        body = await _body(call)
        kind = call.request.headers.get("content-type", "")
        if known.mode is AuthMode.API_KEY:
            told = signature.parameters(kind, body)
            if told is None or told.get("AccountSid") != known.account_sid:
                raise errors.NotFound("Not found.")
            return _Admitted(account, known, told)
        given = call.request.headers.getlist("x-twilio-signature")
        url = self._url_of(call.request.scope)
        signed = given[0] if len(given) == 1 else ""
        told = signature.verified(url, kind, body, signed, known.password)
        if told is None or told.get("AccountSid", known.account_sid) != known.account_sid:
            _LOG.warning(
                "a webhook is not signed with the channel's authToken, or for another URL",
                extra={"channel": str(account.id), "signed_url": url[:500]},
            )
            raise NotSigned("Invalid Twilio signature.")
        return _Admitted(account, known, told)


class _Admitted(NamedTuple):
    """A request that Twilio made."""

    account: Account
    configuration: Configuration
    told: Mapping[str, str]


def _configuration(account: Account | None) -> Configuration | None:
    if account is None:
        return None
    try:
        return configuration(account.settings, account.secrets)
    except errors.BadRequest as wrong:
        _LOG.warning(
            "a channel is not configured rightly: %s",
            wrong.message,
            extra={"channel": str(account.id)},
        )
        return None


def _is_path_right(call: Call, known: Configuration) -> bool:
    """Tell whether the path is that of the channel's mode, its secret included."""
    given = call.request.path_params.get("secret", "").encode("utf-8", "replace")
    wanted = known.webhook_secret.encode()
    digests = (hashlib.sha256(each).digest() for each in (given, wanted))
    return hmac.compare_digest(*digests)


async def _body(call: Call) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await call.body()
    except TimeoutError:
        raise TooSlow(f"The body did not come within {BODY_SECONDS:.0f} s.") from None


def _answer() -> Response:
    return Response(TWIML, media_type="text/xml")

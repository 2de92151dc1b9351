"""Calls of Twilio's REST API.

ApiError
  Refused        the vendor said no, with a code: it took nothing
  NotWritten     the vendor was not asked: no connection, no permitted address
  NotUnderstood  asked, and no sensible answer: it may have taken what it was sent
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson

from polyant_engine.channels.bodies import PermittedBody
from polyant_engine.channels.ports import Permit
from polyant_engine.core import errors
from polyant_engine.core.egress import Egress, Fetched

VENDOR = "https://api.twilio.com"
MESSAGING = "https://messaging.twilio.com"
CALL_SECONDS = 25.0
LARGEST_ANSWER = 1024 * 1024
FORM = "application/x-www-form-urlencoded"

AUTHENTICATE = 20003
TOO_MANY = 20429
NOT_FOUND = 404


class ApiError(Exception):
    """A call that brought no result."""


class Refused(ApiError):
    """The vendor answered with an error of its own."""

    def __init__(self, status: int, code: int, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.retry_after = retry_after

    @property
    def is_credentials(self) -> bool:
        """Tell whether what is wrong is who we are."""
        return self.status == 401 or self.code == AUTHENTICATE  # noqa: PLR2004  Unauthorized

    @property
    def is_haste(self) -> bool:
        """Tell whether it was too much at once."""
        return self.status == 429 or self.code == TOO_MANY  # noqa: PLR2004  Too Many Requests


class NotWritten(ApiError):
    """The vendor was not asked."""


class NotUnderstood(ApiError):
    """The vendor was asked and gave no sensible answer."""


@dataclass(frozen=True, kw_only=True)
class Api:
    """The API as one account."""

    egress: Egress
    account_sid: str
    user: str
    password: str = field(repr=False)
    base_url: str = VENDOR
    messaging_url: str = MESSAGING

    async def create_message(self, asked: Mapping[str, str], permit: Permit) -> Mapping[str, Any]:
        """Send a message; one request, never repeated."""
        return await self._post(f"{self._account}/Messages.json", asked, permit)

    async def type(self, message_sid: str) -> None:
        """Show that an answer is being written to a message of WhatsApp, and that it was read."""
        asked = {"messageId": message_sid, "channel": "whatsapp"}
        await self._post(f"{self.messaging_url}/v2/Indicators/Typing.json", asked)

    async def check(self) -> None:
        """Ask for something harmless, so that it is known whether the credentials are right."""
        url = f"{self._account}/Messages.json?PageSize=1"
        try:
            answer = await self.egress.fetch(
                "GET", url, headers=self.headers, limit=LARGEST_ANSWER, timeout=_timeout()
            )
        except errors.PolyantError as failed:
            raise NotWritten(failed.message) from None
        _result(answer)

    @property
    def headers(self) -> dict[str, str]:
        """Return what says who we are."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    @property
    def _account(self) -> str:
        return f"{self.base_url}/2010-04-01/Accounts/{self.account_sid}"

    async def _post(
        self, url: str, asked: Mapping[str, str], permit: Permit | None = None
    ) -> Mapping[str, Any]:
        body = PermittedBody(urlencode(asked).encode(), permit, FORM)
        try:
            answer = await self.egress.fetch(
                "POST",
                url,
                headers=self.headers,
                limit=LARGEST_ANSWER,
                data=body,
                timeout=_timeout(),
            )
        except errors.PolyantError as failed:
            if body.expired is not None:
                raise body.expired from None
            raise _doubt(body, failed.message) from None
        except (OSError, RuntimeError) as failed:  # a broken or a closed client
            raise _doubt(body, f"The call failed: {type(failed).__name__}.") from None
        return _result(answer)


def _timeout() -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=CALL_SECONDS, connect=10)


def _doubt(body: PermittedBody, reason: str) -> ApiError:
    return NotUnderstood(reason) if body.is_begun else NotWritten(reason)


def _result(answer: Fetched) -> Mapping[str, Any]:
    try:
        found = orjson.loads(answer.body)
    except ValueError:
        found = None
    status = answer.status
    if isinstance(found, dict) and status in (200, 201):
        return found
    wait = _seconds(answer.headers)
    # A middlebox that limits has no code; whoever says 429 took nothing.
    if status == 429:  # noqa: PLR2004  Too Many Requests
        raise Refused(status, TOO_MANY, "Too many requests.", wait)
    code = found.get("code") if isinstance(found, dict) else None
    # An error of the vendor's own says nothing of what was done before it.
    if not isinstance(code, int) or not isinstance(found, dict) or not 400 <= status < 500:  # noqa: PLR2004
        raise NotUnderstood(f"Twilio answered {status} without a result.")
    raise Refused(status, code, str(found.get("message", ""))[:300], wait)


def _seconds(headers: Mapping[str, str]) -> float | None:
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(said) if said.isdecimal() else None

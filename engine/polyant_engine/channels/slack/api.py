"""Calls of the Web API.

WebApiError
  Refused        the vendor said no, by a word: it took nothing
    Limited      too many calls (429): with the seconds to wait
  NotWritten     the vendor was not asked: no connection, no permitted address
  NotUnderstood  asked, and no sensible answer: it may have taken what it was sent
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson

from polyant_engine.channels.bodies import PermittedBody
from polyant_engine.channels.ports import Permit
from polyant_engine.channels.slack.wire import parsed
from polyant_engine.core import errors
from polyant_engine.core.egress import Egress, Fetched

VENDOR = "https://slack.com"
CALL_SECONDS = 20.0
LARGEST_ANSWER = 4 * 1024 * 1024
DEFAULT_WAIT_SECONDS = 10

# Words for credentials that do not count (any more): only a human can help.
ABOUT_TOKENS = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)
# An error of the vendor's own: "some aspect of the operation" may have "succeeded before".
IN_DOUBT = frozenset({"fatal_error", "internal_error"})
LIMITS = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
TOO_MANY = 429
SERVER_ERROR = 500


class WebApiError(Exception):
    """A call that brought no result."""


class Refused(WebApiError):
    """The vendor answered `ok: false`."""

    def __init__(self, word: str, needed: str = "") -> None:
        super().__init__(f"Slack answered {word}.")
        self.word, self.needed = word, needed

    @property
    def is_token(self) -> bool:
        """Tell whether the token, or what it may do, is what is wrong."""
        return self.word in ABOUT_TOKENS


class Limited(Refused):
    """The vendor wants to be asked later."""

    def __init__(self, word: str, seconds: float) -> None:
        super().__init__(word)
        self.seconds = seconds


class NotWritten(WebApiError):
    """The vendor was not asked."""


class NotUnderstood(WebApiError):
    """The vendor was asked and gave no sensible answer."""


@dataclass(frozen=True)
class WebApi:
    """The Web API of one workspace."""

    egress: Egress
    base_url: str

    async def call(
        self,
        method: str,
        arguments: Mapping[str, Any],
        token: str,
        *,
        permit: Permit | None = None,
        is_read: bool = False,
        seconds: float = CALL_SECONDS,
    ) -> Mapping[str, Any]:
        """Return the answer of a method; one request, never repeated.

        Methods that only read take no JSON.
        """
        body = _body(arguments, permit, is_read=is_read)
        try:
            answer = await self.egress.fetch(
                "POST",
                f"{self.base_url}/api/{method}",
                headers={"Authorization": f"Bearer {token}"},
                limit=LARGEST_ANSWER,
                data=body,
                timeout=aiohttp.ClientTimeout(total=seconds, connect=10),
            )
        except errors.PolyantError as failed:
            if body.expired is not None:
                raise body.expired from None
            raise _doubt(body, failed.message) from None
        except (OSError, RuntimeError, ValueError) as failed:  # a broken or a closed client
            raise _doubt(body, f"The call failed: {type(failed).__name__}.") from None
        return _result(answer)


def _body(arguments: Mapping[str, Any], permit: Permit | None, *, is_read: bool) -> PermittedBody:
    if is_read:
        form = urlencode(arguments).encode()
        return PermittedBody(form, permit, "application/x-www-form-urlencoded")
    return PermittedBody(orjson.dumps(arguments), permit, "application/json; charset=utf-8")


def _doubt(body: PermittedBody, reason: str) -> WebApiError:
    return NotUnderstood(reason) if body.is_begun else NotWritten(reason)


def _result(answer: Fetched) -> Mapping[str, Any]:
    found = _parsed(answer)
    word = str(found.get("error") or "")[:100]
    if answer.status == TOO_MANY or word in LIMITS:
        raise Limited(word or "ratelimited", _seconds(answer.headers))
    if answer.status >= SERVER_ERROR or word in IN_DOUBT:
        raise NotUnderstood(f"Slack answered {word or answer.status}.")
    if found.get("ok") is True:
        return found
    if found.get("ok") is not False or not word:
        raise NotUnderstood(f"Slack answered {answer.status} without a result.")
    raise Refused(word, str(found.get("needed") or "")[:200])


def _parsed(answer: Fetched) -> Mapping[str, Any]:
    found = parsed(answer.body)
    if isinstance(found, dict):
        return found
    if answer.status == TOO_MANY:
        return {}
    raise NotUnderstood(f"Slack answered {answer.status} with something else than JSON.")


def _seconds(headers: Mapping[str, str]) -> float:
    given = next((v for name, v in headers.items() if name.lower() == "retry-after"), "")
    return (
        float(min(int(given), 3600))
        if given.isascii() and given.isdigit()
        else DEFAULT_WAIT_SECONDS
    )

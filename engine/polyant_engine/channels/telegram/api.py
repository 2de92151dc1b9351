"""Calls of the Bot API.

    BotApiError
      Refused        the vendor said no, in its own words: it took nothing
      NotWritten     the vendor was not asked: no connection, no permitted address
      NotUnderstood  asked, and no sensible answer: it may have taken what it was sent

The token is part of every URL, so no text of the HTTP client's errors is repeated here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from polyant_engine.channels.bodies import PermittedBody
from polyant_engine.channels.ports import Permit
from polyant_engine.core import errors
from polyant_engine.core.egress import Egress

VENDOR = "https://api.telegram.org"
CALL_SECONDS = 25.0
# A hundred updates with quoted messages stay well below.
LARGEST_ANSWER = 16 * 1024 * 1024

_GONE = frozenset({401, 404})


class BotApiError(Exception):
    """A call that brought no result."""


class Refused(BotApiError):
    """The vendor answered `ok: false`."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(description)
        self.code, self.description = code, description
        self.retry_after = _number(parameters.get("retry_after"))
        self.moved_to = _number(parameters.get("migrate_to_chat_id"))

    @property
    def is_token(self) -> bool:
        """Tell whether the token is what is wrong; a malformed one is "Not Found"."""
        return self.code in _GONE


class NotWritten(BotApiError):
    """The vendor was not asked."""


class NotUnderstood(BotApiError):
    """The vendor was asked and gave no sensible answer."""


@dataclass(frozen=True)
class BotApi:
    """The Bot API as one bot."""

    egress: Egress
    base_url: str
    token: str

    async def call(
        self,
        method: str,
        arguments: Mapping[str, Any],
        *,
        permit: Permit | None = None,
        seconds: float = CALL_SECONDS,
    ) -> Any:
        """Return the result of a method; one request, never repeated."""
        body = PermittedBody(orjson.dumps(arguments), permit, "application/json")
        try:
            answer = await self.egress.fetch(
                "POST",
                f"{self.base_url}/bot{self.token}/{method}",
                headers={},
                limit=LARGEST_ANSWER,
                data=body,
                timeout=aiohttp.ClientTimeout(total=seconds, connect=10),
            )
        except errors.PolyantError as failed:
            if body.expired is not None:
                raise body.expired from None
            raise _doubt(body, failed.message) from None
        except (OSError, RuntimeError) as failed:  # a broken or a closed client
            raise _doubt(body, f"The call failed: {type(failed).__name__}.") from None
        return _result(answer.status, answer.body)

    async def download(self, path: str, limit: int) -> bytes:
        """Return the content of a file by the path that getFile gave."""
        url = f"{self.base_url}/file/bot{self.token}/{path}"
        try:
            answer = await self.egress.fetch("GET", url, headers={}, limit=limit)
        except errors.PolyantError as failed:
            raise NotUnderstood(failed.message) from None
        if answer.status != 200:  # noqa: PLR2004  OK
            raise NotUnderstood(f"The file was answered with {answer.status}.")
        return answer.body


def _doubt(body: PermittedBody, reason: str) -> BotApiError:
    return NotUnderstood(reason) if body.is_begun else NotWritten(reason)


def _result(status: int, body: bytes) -> Any:
    found = _parsed(status, body)
    if found.get("ok") is True and "result" in found:
        return found["result"]
    code, parameters = found.get("error_code"), found.get("parameters")
    # An error of the vendor's own says nothing of what was done before it.
    if found.get("ok") is not False or not isinstance(code, int) or code >= 500:  # noqa: PLR2004
        raise NotUnderstood(f"Telegram answered {status} without a result.")
    known = parameters if isinstance(parameters, dict) else {}
    raise Refused(code, str(found.get("description", ""))[:300], known)


def _parsed(status: int, body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except ValueError:
        found = _lenient(body)
    if not isinstance(found, dict):
        raise NotUnderstood(f"Telegram answered {status} with something else than JSON.")
    return found


def _lenient(body: bytes) -> Any:
    """Read JSON with halves of surrogate pairs: one odd message must not hold up the others."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

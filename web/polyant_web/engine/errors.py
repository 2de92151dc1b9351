"""Everything that can go wrong between panel and engine, mapped here and nowhere else.

EngineError
├── EngineAway              no answer, or one that makes no sense: try again later
└── EngineRefused           an answer with an error status
    ├── Unauthenticated     401: the session has ended
    ├── PasswordExpired     403 with code password_change_required
    ├── Forbidden           403
    ├── NotFound            404
    ├── Conflict            409
    ├── Invalid             400, 413 or 422: what was entered is wrong
    └── TooMany             429: too many tries, with the time to wait
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polyant_web.engine.transport import Reply


class EngineError(Exception):
    """A call to the engine did not succeed."""


class EngineAway(EngineError):
    """The engine did not answer, or not in a way that can be understood."""


@dataclass(frozen=True, kw_only=True)
class FieldProblem:
    """One thing the engine found wrong with one field; `field` is "" for the whole."""

    field: str
    message: str


class EngineRefused(EngineError):
    """The engine answered with an error status."""

    def __init__(self, reply: Reply) -> None:
        body = _body(reply)
        self.status = reply.status
        self.code = str(body.get("code") or "")
        self.problems = _problems(body)
        self.message = str(body.get("message") or _UNEXPLAINED)
        self.retry_after = _seconds(reply.headers.get("retry-after", ""))
        super().__init__(f"{reply.status} {self.message}")


class Unauthenticated(EngineRefused):
    """The session is missing, expired or revoked."""


class PasswordExpired(EngineRefused):
    """The person has to choose a new password before anything else."""


class Forbidden(EngineRefused):
    """The person's role does not allow this."""


class NotFound(EngineRefused):
    """There is no such thing."""


class Conflict(EngineRefused):
    """It exists already, or was changed meanwhile."""


class Invalid(EngineRefused):
    """What was entered is wrong; `problems` says which field and why."""


class TooMany(EngineRefused):
    """Too many tries; `retry_after` says how long to wait."""


_BY_STATUS: Mapping[int, type[EngineRefused]] = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    422: Invalid,
    429: TooMany,
}
_UNEXPLAINED = "the engine gave no reason"
_NEXT_FIELD = re.compile(r"; (?=[A-Za-z][\w.]*: )")
_NAMED = re.compile(r"([A-Za-z][\w.]*): (.+)", re.DOTALL)
_FIRST_ERROR = 400
_FIRST_SERVER_ERROR = 500


def check(reply: Reply) -> Reply:
    """Return the reply, or raise what its status means."""
    if reply.status < _FIRST_ERROR:
        return reply
    if reply.status >= _FIRST_SERVER_ERROR and not _body(reply):
        raise EngineAway(f"the engine answered {reply.status}")
    refused = _BY_STATUS.get(reply.status, EngineRefused)(reply)
    if isinstance(refused, Forbidden) and refused.code == "password_change_required":
        raise PasswordExpired(reply)
    raise refused


def _body(reply: Reply) -> Mapping[str, Any]:
    """Return the error object of either shape: the management interface's or OpenAI's."""
    try:
        document = reply.json()
    except ValueError:
        return {}
    if not isinstance(document, dict):
        return {}
    nested = document.get("error")
    return nested if isinstance(nested, dict) else document


def _problems(body: Mapping[str, Any]) -> tuple[FieldProblem, ...]:
    listed = body.get("errors")
    if isinstance(listed, list) and listed:
        return tuple(_problem(entry) for entry in listed)
    message = body.get("message")
    if isinstance(message, list):
        return tuple(_problem(entry) for entry in message)
    # The engine lists everything that is wrong as "field: text; field: text".
    parts = _NEXT_FIELD.split(str(message)) if message else [_UNEXPLAINED]
    return tuple(_problem(part) for part in parts)


def _problem(entry: object) -> FieldProblem:
    if isinstance(entry, dict):
        field = entry.get("field") or entry.get("path") or ""
        return FieldProblem(field=str(field), message=str(entry.get("message", "is not valid")))
    named = _NAMED.fullmatch(str(entry))
    if named:
        return FieldProblem(field=named.group(1), message=named.group(2))
    return FieldProblem(field="", message=str(entry))


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None

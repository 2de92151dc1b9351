"""Keep internal routes away from the world, whatever the spelling.

Everything under `/api/auth` is for our own processes. Routers and servers disagree about what a
path is (`/api/auth%2Fcredentials`, `//api/./auth`, `/API/auth`), so the decision is made on the most
hostile reading: decoded until nothing changes, backslashes and matrix parameters removed, dots
resolved, lower case.

* `HIDDEN` (an internal port exists, this is the main one): always 404.
* `DIRECT_ONLY` (no internal port): 404 as soon as any header says that a proxy passed it on.
* `OPEN` (this is the internal port).
"""

import logging
from enum import StrEnum
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from polyant_engine.core import errors

PREFIX = ("api", "auth")
MAX_DECODINGS = 8
FORWARDING_HEADERS = frozenset({b"forwarded", b"x-real-ip", b"via"})
FORWARDING_PREFIX = b"x-forwarded-"

_log = logging.getLogger(__name__)


class Exposure(StrEnum):
    """Where a listener stands towards internal routes."""

    HIDDEN = "hidden"
    DIRECT_ONLY = "direct-only"
    OPEN = "open"


class InternalRoutes:
    """Answers 404 for internal routes where they must not be seen."""

    def __init__(self, app: ASGIApp, exposure: Exposure) -> None:
        self._app = app
        self._exposure = exposure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request unless it is for an internal route and came from outside."""
        if self._exposure is not Exposure.OPEN and is_internal(scope) and self._refuses(scope):
            raise errors.NotFound("Nothing is at this path.")
        await self._app(scope, receive, send)

    def _refuses(self, scope: Scope) -> bool:
        if self._exposure is Exposure.HIDDEN:
            return True
        if is_forwarded(scope):
            _log.warning(
                "refused an internal route that came through a proxy: point INTERNAL_ENGINE_URL"
                " of the panel straight at the engine, or set INTERNAL_PORT"
            )
            return True
        return False


def is_internal(scope: Scope) -> bool:
    """Tell whether any reading of the path leads under `/api/auth`."""
    raw = scope.get("raw_path") or b""
    return any(segments(path)[: len(PREFIX)] == PREFIX for path in (raw, scope["path"].encode()))


def is_forwarded(scope: Scope) -> bool:
    """Tell whether a proxy passed the request on."""
    names = [name.lower() for name, _ in scope["headers"]]
    return any(name in FORWARDING_HEADERS or name.startswith(FORWARDING_PREFIX) for name in names)


def segments(path: bytes) -> tuple[str, ...]:
    """Read a path in the most hostile way."""
    for _ in range(MAX_DECODINGS):
        decoded = unquote_to_bytes(path)
        if decoded == path:
            break
        path = decoded
    text = path.decode("utf-8", "replace").replace("\\", "/").lower()
    found: list[str] = []
    for part in text.split("/"):
        name = part.split(";")[0].split("?")[0].split("#")[0].strip().replace("\x00", "")
        if name == "..":
            found[-1:] = []
        elif name not in {"", "."}:
            found.append(name)
    return tuple(found)

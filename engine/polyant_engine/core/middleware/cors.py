"""Cross-origin requests: exactly the listed origins, nobody by default, `*` never.

Browsers normally talk to the panel only; an origin is listed when its own script calls the API.
"""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = "GET, POST, PUT, PATCH, DELETE"
HEADERS = "authorization, content-type, x-request-id"
MAX_AGE_SECONDS = "600"


class Cors:
    """Answers preflights and marks responses for listed origins."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await self._preflight(origin)(scope, receive, send)
        else:
            await self._app(scope, receive, self._marking(origin, send))

    def _preflight(self, origin: str) -> Response:
        if origin not in self._origins:
            return Response("This origin is not in CORS_ORIGINS.", 400, headers={"vary": "Origin"})
        allowed = {
            "access-control-allow-methods": METHODS,
            "access-control-allow-headers": HEADERS,
            "access-control-max-age": MAX_AGE_SECONDS,
        }
        return Response(status_code=204, headers=_allowing(origin) | allowed)

    def _marking(self, origin: str, send: Send) -> Send:
        marks = _allowing(origin) if origin in self._origins else {"vary": "Origin"}

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode("latin-1")) for name, value in marks.items()]
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        return marked


def _allowing(origin: str) -> dict[str, str]:
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "x-request-id, retry-after",
        "vary": "Origin",
    }

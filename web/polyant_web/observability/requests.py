"""Middleware around everything: gives each request an id, counts it, writes its log line.

The id of the edge (`x-request-id`) is kept when it is a plain token, so that one id runs through
the logs of edge, panel and engine; anything else is replaced.
"""

import logging
import re
import uuid
from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polyant_web.observability import logs
from polyant_web.observability.metrics import Metrics

logger = logging.getLogger(__name__)

_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = frozenset({"/health", "/static/{path:path}"})


class Observed:
    """Pure ASGI middleware; the outermost one."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and record it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        current = _request_id(Request(scope).headers.get("x-request-id", ""))
        token = logs.request_id.set(current)
        exchange = _Exchange(send, current)
        started = perf_counter()
        try:
            await self._app(scope, receive, exchange.send)
        finally:
            self._record(scope, exchange.status, perf_counter() - started)
            logs.request_id.reset(token)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        # Only known templates become label values; a stranger's paths would grow without end.
        route = scope.get("route_template", "unknown")
        self._metrics.requests.labels(scope["method"], route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        level = logging.DEBUG if route in _QUIET else logging.INFO
        details = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
        }
        logger.log(level, "request", extra=details)


class _Exchange:
    """Watches one answer: adds the request id to it and remembers the status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 500  # what a client sees when the application never answered

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["x-request-id"] = self._request_id
        await self._send(message)


def _request_id(given: str) -> str:
    return given if _PLAIN_ID.fullmatch(given) else uuid.uuid4().hex

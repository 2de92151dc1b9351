"""Give every request an id, a log line and its share in the metrics."""

import logging
import re
import uuid

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polyant_engine.core import logs
from polyant_engine.core.clock import Clock
from polyant_engine.core.metrics import UNMATCHED, Metrics

HEADER = b"x-request-id"
KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CLIENT_CLOSED = 499  # nobody was there any more to get a status

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = logging.getLogger(__name__)


class Journal:
    """Writes down what happened to each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics, clock: Clock) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request between two entries of the journal."""
        identity = _identity(scope)
        scope["polyant.request_id"] = identity
        token = logs.request_id.set(identity)
        started = self._clock.monotonic()
        status = CLIENT_CLOSED

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (HEADER, identity.encode())]
            await send(message)

        try:
            with self._metrics.in_flight.track_inprogress():
                await self._app(scope, receive, noted)
        finally:
            self._write(scope, status, self._clock.monotonic() - started)
            logs.request_id.reset(token)

    def _write(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("polyant.route", UNMATCHED)
        method = scope["method"] if scope["method"] in KNOWN_METHODS else "OTHER"
        self._metrics.record(method, route, status, seconds)
        fields = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        _log.info("%s %s %d", method, route, status, extra=fields)


def _identity(scope: Scope) -> str:
    """Keep an id that a proxy gave if it is harmless to log, else make one."""
    given = dict(scope["headers"]).get(HEADER, b"").decode("latin-1")
    return given if _ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex

"""The application of METRICS_PORT: `/metrics`, `/livez`, `/readyz`. Never behind the edge.

Ready means: the engine answers and holds the same AUTH_SECRET. The panel without the engine can
show nothing, and with another secret it would sign people in to forms that never verify.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from polyant_web.observability.metrics import Metrics

logger = logging.getLogger(__name__)


@dataclass
class Drain:
    """Whether the process is on its way out; set once by SIGTERM."""

    started: bool = False


# Returns why the panel cannot serve, or None.
ReadyCheck = Callable[[], Awaitable[str | None]]


class Told:
    """Remembers the last reason, so that a change is logged once: a kubelet keeps the text to itself."""

    def __init__(self) -> None:
        self._last: str | None = ""

    def tell(self, reason: str | None) -> None:
        """Log a reason that is new, or that there is none any more."""
        if reason == self._last:
            return
        self._last = reason
        if reason is None:
            logger.info("ready")
        else:
            logger.warning("not ready", extra={"reason": reason})


def build(*, metrics: Metrics, drain: Drain, check: ReadyCheck) -> Starlette:
    """Return the application of the metrics port."""
    told = Told()

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        reason = "draining: the process is stopping" if drain.started else await check()
        told.tell(reason)
        return PlainTextResponse(f"{reason or 'ok'}\n", status_code=503 if reason else 200)

    async def exposition(_: Request) -> Response:
        return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return Starlette(
        routes=[
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", exposition),
        ]
    )

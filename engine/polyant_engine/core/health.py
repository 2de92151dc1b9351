"""Health: `/health` for people, `/livez` and `/readyz` for Kubernetes, `/metrics` for Prometheus.

Liveness is about this process alone: a dead database must not restart engines. Readiness is every
`Check`, and turns false at once when the process starts to drain.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import orjson
from starlette.responses import Response

from polyant_engine.core import errors
from polyant_engine.core.calls import Call
from polyant_engine.core.clock import Clock
from polyant_engine.core.metrics import Metrics
from polyant_engine.core.routing import Endpoint, public

CHECK_TIMEOUT_SECONDS = 3.0
PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One reason why this process may not be ready; the probe returns it, or nothing."""

    name: str
    probe: Callable[[], Awaitable[str | None]]


class Health:
    """Knows whether this process may get traffic."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = tuple(checks)
        self._is_draining = False

    def drain(self) -> None:
        """Turn readiness off for good."""
        self._is_draining = True

    async def problems(self) -> dict[str, str]:
        """Return every reason against readiness by the name of its check."""
        if self._is_draining:
            return {"drain": "this process is shutting down"}
        found = await asyncio.gather(*(_probed(check) for check in self._checks))
        names = (check.name for check in self._checks)
        return {name: reason for name, reason in zip(names, found, strict=True) if reason}


async def _probed(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            return await check.probe()
    except TimeoutError:
        return f"no answer within {CHECK_TIMEOUT_SECONDS:g} s"
    except errors.PolyantError as error:
        return error.message


class PublicHealth:
    """The `/health` of the existing product: no dependency is asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoint for the main port."""
        return (Endpoint("GET", "/health", self.show, public("load balancers ask")),)

    async def show(self, _: Call) -> Response:
        """Say that the process answers."""
        timestamp = self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return _json({"status": "ok", "timestamp": timestamp, "service": "polyant"})


class Operations:
    """The endpoints of the metrics port, which is on no edge."""

    def __init__(self, health: Health, metrics: Metrics) -> None:
        self._health = health
        self._metrics = metrics

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints for the metrics port."""
        access = public("kubelet and Prometheus ask on a port of their own")
        return (
            Endpoint("GET", "/livez", self.livez, access),
            Endpoint("GET", "/readyz", self.readyz, access),
            Endpoint("GET", "/metrics", self.metrics, access),
        )

    async def livez(self, _: Call) -> Response:
        """Say that the event loop turns."""
        return _json({"status": "ok"})

    async def readyz(self, _: Call) -> Response:
        """Say whether traffic may come, and if not, why."""
        found = await self._health.problems()
        status = 503 if found else 200
        return _json({"status": "unready" if found else "ready", "problems": found}, status)

    async def metrics(self, _: Call) -> Response:
        """Show the metrics."""
        return Response(self._metrics.exposition(), media_type=PROMETHEUS_TEXT)


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")

"""The order of the middleware, on one page."""

from collections.abc import Collection
from dataclasses import dataclass

from starlette.types import ASGIApp

from polyant_engine.core.clock import Clock
from polyant_engine.core.internal_secret import InternalSecret
from polyant_engine.core.metrics import Metrics
from polyant_engine.core.middleware.client_address import ClientAddress, Hops
from polyant_engine.core.middleware.cors import Cors
from polyant_engine.core.middleware.faults import Faults
from polyant_engine.core.middleware.headers import SecurityHeaders
from polyant_engine.core.middleware.internal_routes import Exposure, InternalRoutes
from polyant_engine.core.middleware.journal import Journal


@dataclass(frozen=True, kw_only=True)
class Edge:
    """How a listener looks to the outside."""

    exposure: Exposure
    hops: Hops
    origins: Collection[str]
    internal_secret: InternalSecret


def wrap(router: ASGIApp, edge: Edge, metrics: Metrics, clock: Clock) -> ASGIApp:
    """Put the middleware around a router; read from the bottom: the journal is outermost."""
    app: ASGIApp = ClientAddress(router, edge.hops, edge.internal_secret)
    app = InternalRoutes(app, edge.exposure)
    app = Faults(app)
    app = Cors(app, edge.origins)
    app = SecurityHeaders(app)
    return Journal(app, metrics, clock)

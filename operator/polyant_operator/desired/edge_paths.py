"""Which path leads where, once for every kind of edge.

Prefix routing is no security boundary: what must stay inside is served on the internal port, which
no edge knows. `/api/auth` goes to the panel, which speaks it with browsers. Ingress and HTTPRoute
both match whole path elements, and the longest prefix wins, so the order here means nothing.
"""

from dataclasses import dataclass
from typing import Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.desired import ports

ENGINE_PATHS: Final = ("/v1", "/api", "/memories", "/webhooks", "/health")
PANEL_PATHS: Final = ("/api/auth", "/")


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The public port of a Service."""

    service: str
    port: int
    # Of the Service; the same as `port`.
    port_name: str = "http"


@dataclass(frozen=True, kw_only=True)
class Host:
    """One host name and where its paths lead, the backends in a fixed order."""

    name: str
    paths: tuple[tuple[Backend, tuple[str, ...]], ...]


def hosts(instance: PolyantInstance) -> tuple[Host, ...]:
    """List the hosts: the panel's serves the API too, the engine's serves nothing else."""
    edge, names = instance.spec.edge, instance.names
    to_engine = (Backend(service=names.engine, port=ports.ENGINE), ENGINE_PATHS)
    to_panel = (Backend(service=names.web, port=ports.WEB), PANEL_PATHS)
    found = []
    if edge.host is not None:
        found.append(Host(name=edge.host, paths=(to_engine, to_panel)))
    if edge.engine_host is not None:
        found.append(Host(name=edge.engine_host, paths=(to_engine,)))
    return tuple(found)

"""The Ingress: which path goes where, and what each controller needs for long streams.

Prefix routing is no security boundary: what must stay inside is served on the internal port, which
no edge knows. `/api/auth` goes to the panel, which speaks it with browsers.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.metadata import owned_metadata

ENGINE_PATHS: Final = ("/v1", "/api", "/memories", "/webhooks", "/health")
PANEL_PATHS: Final = ("/api/auth", "/")

# By a word in the class's name; two controllers of one name each read their own. An answer may think for minutes before its first byte and must
# not be buffered. Traefik needs nothing: it has no time limit on answers and flushes event streams.
STREAMING: Final[Mapping[str, Mapping[str, str]]] = {
    "contour": {"projectcontour.io/response-timeout": "infinity"},
    "nginx": {
        "nginx.ingress.kubernetes.io/proxy-body-size": "32m",
        "nginx.ingress.kubernetes.io/proxy-buffering": "off",
        "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
        "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
        "nginx.org/client-max-body-size": "32m",
        "nginx.org/proxy-buffering": "False",
        "nginx.org/proxy-read-timeout": "3600s",
        "nginx.org/proxy-send-timeout": "3600s",
    },
    "haproxy": {
        "haproxy-ingress.github.io/timeout-server": "1h",
        "haproxy-ingress.github.io/timeout-tunnel": "1h",
        "haproxy.org/timeout-server": "1h",
        "haproxy.org/timeout-tunnel": "1h",
    },
}


def build(instance: PolyantInstance) -> Manifest:
    """Build the Ingress."""
    edge, names = instance.spec.edge, instance.names
    annotations = {**streaming(edge.class_name or ""), **(edge.annotations or {})}
    spec: Manifest = {"rules": list(_rules(instance))}
    if edge.class_name is not None:
        spec["ingressClassName"] = edge.class_name
    if edge.tls is not None:
        hosts = [host for host in (edge.host, edge.engine_host) if host is not None]
        spec["tls"] = [{"hosts": hosts, "secretName": edge.tls.secret_name}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": owned_metadata(instance, names.edge, Component.EDGE, annotations),
        "spec": spec,
    }


def streaming(class_name: str) -> dict[str, str]:
    """Give the annotations a class understands; the user's own win over them."""
    found: dict[str, str] = {}
    for word, annotations in STREAMING.items():
        if word in class_name.lower():
            found |= annotations
    return found


def _rules(instance: PolyantInstance) -> Iterator[Manifest]:
    edge, names = instance.spec.edge, instance.names
    to_engine = [_path(path, names.engine) for path in ENGINE_PATHS]
    to_panel = [_path(path, names.web) for path in PANEL_PATHS]
    if edge.host is not None:
        yield {"host": edge.host, "http": {"paths": [*to_engine, *to_panel]}}
    if edge.engine_host is not None:
        yield {"host": edge.engine_host, "http": {"paths": to_engine}}


def _path(path: str, service: str) -> Manifest:
    backend = {"service": {"name": service, "port": {"name": "http"}}}
    return {"path": path, "pathType": "Prefix", "backend": backend}

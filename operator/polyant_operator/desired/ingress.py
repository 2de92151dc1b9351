"""The Ingress: hosts, paths, certificate, and what its controller needs for long streams."""

from collections.abc import Iterator

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired import certificate, edge_classes, edge_paths
from polyant_operator.desired.context import Context, Manifest
from polyant_operator.desired.edge_paths import Backend, Host
from polyant_operator.desired.metadata import owned_metadata


def build(instance: PolyantInstance, context: Context) -> Manifest:
    """Build the Ingress; the user's own annotations win over those of the class."""
    edge, names = instance.spec.edge, instance.names
    known = edge_classes.annotations(edge.class_name or "", context.ingress_controller)
    annotations = {**known, **(edge.annotations or {})}
    hosts = edge_paths.hosts(instance)
    spec: Manifest = {"rules": [_rule(host) for host in hosts]}
    if edge.class_name is not None:
        spec["ingressClassName"] = edge.class_name
    if edge.tls is not None:
        secret = certificate.secret_name(instance)
        spec["tls"] = [{"hosts": [host.name for host in hosts], "secretName": secret}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": owned_metadata(instance, names.edge, Component.EDGE, annotations),
        "spec": spec,
    }


def _rule(host: Host) -> Manifest:
    return {"host": host.name, "http": {"paths": list(_paths(host))}}


def _paths(host: Host) -> Iterator[Manifest]:
    for backend, paths in host.paths:
        for path in paths:
            yield {"path": path, "pathType": "Prefix", "backend": _backend(backend)}


def _backend(backend: Backend) -> Manifest:
    return {"service": {"name": backend.service, "port": {"name": backend.port_name}}}

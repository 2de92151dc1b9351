"""The HTTPRoutes: one per host, because a route's rules hold for all of its host names.

Certificates belong to the Gateway's listeners. An answer takes as long as it takes: `0s` switches
the limit off that an implementation would have otherwise.
"""

from polyant_operator.api.gateway import ParentRef
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired import edge_paths
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.edge_paths import Backend, Host
from polyant_operator.desired.metadata import owned_metadata

UNLIMITED = "0s"


def build(instance: PolyantInstance) -> tuple[Manifest, ...]:
    """Build a route for each host."""
    names, hosts = instance.names, edge_paths.hosts(instance)
    return tuple(
        _route(instance, names.edge if host.name == instance.spec.edge.host else names.engine, host)
        for host in hosts
    )


def _route(instance: PolyantInstance, name: str, host: Host) -> Manifest:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": owned_metadata(instance, name, Component.EDGE, instance.spec.edge.annotations),
        "spec": {
            "parentRefs": [_parent(ref) for ref in instance.spec.edge.parent_refs],
            "hostnames": [host.name],
            "rules": [_rule(backend, paths) for backend, paths in host.paths],
        },
    }


def _parent(ref: "ParentRef") -> Manifest:
    return ref.model_dump(by_alias=True, exclude_none=True)


def _rule(backend: Backend, paths: tuple[str, ...]) -> Manifest:
    return {
        "matches": [{"path": {"type": "PathPrefix", "value": path}} for path in paths],
        "backendRefs": [{"name": backend.service, "port": backend.port}],
        "timeouts": {"request": UNLIMITED},
    }

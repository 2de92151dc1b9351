"""The objects of the edge, by its type."""

from polyant_operator.api.edge import EdgeType
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.desired import certificate, http_route, ingress
from polyant_operator.desired.context import Context, Manifest


def build(instance: PolyantInstance, context: Context) -> tuple[Manifest, ...]:
    """Build what this cluster can hold; the verdict tells what it cannot."""
    found = _wanted(instance, context)
    return tuple(manifest for manifest in found if context.has(manifest["kind"]))


def _wanted(instance: PolyantInstance, context: Context) -> tuple[Manifest, ...]:
    match instance.spec.edge.type:
        case EdgeType.INGRESS:
            return (*certificate.build(instance), ingress.build(instance, context))
        case EdgeType.HTTP_ROUTE:
            return http_route.build(instance)
        case EdgeType.NONE | EdgeType.EXTERNAL:
            return ()

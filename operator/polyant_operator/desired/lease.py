"""The Lease of the channel leader: made here, empty; who holds it is the engine's business."""

from polyant_operator.api import labels
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired.context import Context, Manifest
from polyant_operator.desired.metadata import owned_metadata


def build(instance: PolyantInstance, context: Context) -> Manifest:
    """Build the Lease without a single field of its spec, so that nothing is ever fought over."""
    wish = {labels.PROMOTE: context.promote} if context.promote else None
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": owned_metadata(instance, instance.names.lease, Component.ENGINE, wish),
    }

"""The engine's identity towards the API server; no other pod has one."""

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.metadata import owned_metadata


def build(instance: PolyantInstance) -> Manifest:
    """Build the ServiceAccount."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": owned_metadata(instance, instance.names.engine, Component.ENGINE),
        "automountServiceAccountToken": False,
    }

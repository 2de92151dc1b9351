"""The engine's identity towards the API server; no other pod has one."""

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.metadata import owned_metadata


def build(instance: PolyantInstance) -> Manifest:
    """Build the ServiceAccount."""
    annotations = instance.spec.service_account.annotations
    name = instance.names.engine
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": owned_metadata(instance, name, Component.ENGINE, annotations),
        "automountServiceAccountToken": False,
    }

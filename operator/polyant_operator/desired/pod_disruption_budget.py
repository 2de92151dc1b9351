"""Node drains take one pod at a time, and broken pods never hold a drain up."""

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component, selector
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.metadata import owned_metadata


def build(instance: PolyantInstance, name: str, component: Component) -> Manifest:
    """Build a component's PodDisruptionBudget."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": owned_metadata(instance, name, component),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": dict(selector(instance.name, component))},
        },
    }

"""The engine's HorizontalPodAutoscaler; while it exists, nobody else writes the engine's replicas."""

from polyant_operator.api.engine import Autoscaling
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.metadata import owned_metadata


def build(instance: PolyantInstance, scaling: Autoscaling) -> Manifest:
    """Build the autoscaler, which looks at our container alone: sidecars have loads of their own."""
    name = instance.names.engine
    target = {"type": "Utilization", "averageUtilization": scaling.target_cpu_utilization}
    metric = {"name": "cpu", "container": "engine", "target": target}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": owned_metadata(instance, name, Component.ENGINE),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": scaling.min_replicas,
            "maxReplicas": scaling.max_replicas,
            "metrics": [{"type": "ContainerResource", "containerResource": metric}],
        },
    }

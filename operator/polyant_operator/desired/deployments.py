"""The frame of both Deployments: no gap while rolling, and no `replicas`."""

from typing import Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component, selector
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.metadata import owned_metadata

# A rollout without progress for this long is reported; slow image pulls fit in.
PROGRESS_SECONDS: Final = 600


def deployment(
    instance: PolyantInstance, name: str, component: Component, template: Manifest
) -> Manifest:
    """Build a Deployment around a pod template."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": owned_metadata(instance, name, component),
        "spec": {
            "selector": {"matchLabels": dict(selector(instance.name, component))},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
            },
            "revisionHistoryLimit": 3,
            "progressDeadlineSeconds": PROGRESS_SECONDS,
            "template": template,
        },
    }

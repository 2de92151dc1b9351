"""Tells a Prometheus operator to scrape engine and panel; only where that API exists.

The rules and dashboards for what is scraped come with the chart, once for all instances.
"""

from collections.abc import Mapping
from typing import Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import COMPONENT, INSTANCE, NAME, Component, selector
from polyant_operator.api.monitoring import PodMonitor
from polyant_operator.desired.context import Context, Manifest
from polyant_operator.desired.metadata import owned_metadata

KIND: Final = "PodMonitor"
# Labels of a series by which the dashboards choose; `instance` is the pod's address there.
TARGET_LABELS: Final[Mapping[str, str]] = {
    "polyant_instance": "app_kubernetes_io_instance",
    "component": "app_kubernetes_io_component",
}


def build(instance: PolyantInstance, context: Context) -> tuple[Manifest, ...]:
    """Build the PodMonitor, if one is asked for and possible."""
    wanted = instance.spec.monitoring.pod_monitor
    if wanted is None or not context.has(KIND):
        return ()
    return (_manifest(instance, wanted),)


def _manifest(instance: PolyantInstance, wanted: PodMonitor) -> Manifest:
    metadata = owned_metadata(instance, instance.names.monitor, Component.MONITORING)
    # By labels of the user's choice a Prometheus finds the monitors that are meant for it.
    metadata["labels"] = {**(wanted.labels or {}), **metadata["labels"]}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": KIND,
        "metadata": metadata,
        "spec": {"selector": _pods(instance), "podMetricsEndpoints": [_endpoint(wanted)]},
    }


def _pods(instance: PolyantInstance) -> Manifest:
    common = selector(instance.name, Component.ENGINE)
    parts = [Component.ENGINE.value, Component.WEB.value]
    return {
        "matchLabels": {key: common[key] for key in (NAME, INSTANCE)},
        "matchExpressions": [{"key": COMPONENT, "operator": "In", "values": parts}],
    }


def _endpoint(wanted: PodMonitor) -> Manifest:
    return {
        "port": "metrics",
        "path": "/metrics",
        "interval": wanted.interval,
        "relabelings": [
            {
                "action": "replace",
                "sourceLabels": [f"__meta_kubernetes_pod_label_{source}"],
                "targetLabel": target,
            }
            for target, source in TARGET_LABELS.items()
        ],
    }

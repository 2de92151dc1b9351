"""The API of PodMonitors, as far as we use it, put into a cluster and taken out of it again.

Its schema is closed: a field that the real one does not have would be dropped, and seen as drift.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from polyant_operator.kube.kinds import POD_MONITOR
from support import apiserver
from support.operator_process import eventually

STRING: dict[str, Any] = {"type": "string"}
STRINGS: dict[str, Any] = {"type": "array", "items": STRING}
EXPRESSION = {
    "type": "object",
    "properties": {"key": STRING, "operator": STRING, "values": STRINGS},
}
SELECTOR = {
    "type": "object",
    "properties": {
        "matchLabels": {"type": "object", "additionalProperties": STRING},
        "matchExpressions": {"type": "array", "items": EXPRESSION},
    },
}
RELABELING = {
    "type": "object",
    "properties": {"action": STRING, "sourceLabels": STRINGS, "targetLabel": STRING},
}
ENDPOINT = {
    "type": "object",
    "properties": {
        "port": STRING,
        "path": STRING,
        "interval": {"type": "string", "pattern": r"^(0|(([0-9]+)s)?|([0-9]+)m|([0-9]+)h)$"},
        "relabelings": {"type": "array", "items": RELABELING},
    },
}
SPEC = {
    "type": "object",
    "required": ["selector", "podMetricsEndpoints"],
    "properties": {
        "selector": SELECTOR,
        "podMetricsEndpoints": {"type": "array", "items": ENDPOINT},
    },
}
CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "podmonitors.monitoring.coreos.com"},
    "spec": {
        "group": "monitoring.coreos.com",
        "scope": "Namespaced",
        "names": {"kind": "PodMonitor", "plural": "podmonitors", "singular": "podmonitor"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": SPEC}}},
            }
        ],
    },
}


@contextmanager
def installed(server: apiserver.ApiServer) -> Iterator[None]:
    """The API is there while the block runs."""
    root = f"/apis/{POD_MONITOR.api_version}"

    def served() -> bool:
        answer = server.try_kubectl("get", "--raw", f"{root}/podmonitors")
        listed = server.try_kubectl("get", "--raw", root)
        return answer.returncode == 0 and "podmonitors" in listed.stdout

    server.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(CRD))
    eventually(served, "PodMonitors are served")
    try:
        yield
    finally:
        server.kubectl("delete", "crd", CRD["metadata"]["name"], "--wait=true")
        eventually(lambda: not served(), "PodMonitors are served no more")

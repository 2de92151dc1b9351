"""The optional APIs, put into a cluster and taken out of it again.

HTTPRoute's is the real one. Of Certificate's and PodMonitor's there is as much as we use, with closed
schemas: a field that the real one does not have would be dropped, and seen as drift.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import yaml

from dev.cluster.tools import modules
from polyant_operator.kube.kinds import CERTIFICATE, HTTP_ROUTE, POD_MONITOR, Kind
from support.apiserver import ApiServer
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
MONITOR_SPEC = {
    "type": "object",
    "required": ["selector", "podMetricsEndpoints"],
    "properties": {
        "selector": SELECTOR,
        "podMetricsEndpoints": {"type": "array", "items": ENDPOINT},
    },
}
CERTIFICATE_SPEC = {
    "type": "object",
    "required": ["secretName", "issuerRef"],
    "properties": {
        "secretName": STRING,
        "dnsNames": {"type": "array", "items": STRING},
        "issuerRef": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": STRING, "kind": STRING, "group": STRING},
        },
        "privateKey": {
            "type": "object",
            "properties": {"rotationPolicy": {"type": "string", "enum": ["Never", "Always"]}},
        },
    },
}
STATUS = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
ALL: Final = (HTTP_ROUTE, CERTIFICATE, POD_MONITOR)
SPECS: Final = {CERTIFICATE.kind: CERTIFICATE_SPEC, POD_MONITOR.kind: MONITOR_SPEC}


def install(server: ApiServer, *kinds: Kind) -> None:
    """Put the APIs of these kinds in and wait until they are served."""
    for kind in kinds:
        text = json.dumps(_routes() if kind == HTTP_ROUTE else _definition(kind))
        server.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)
        eventually(partial(_is_served, server, kind), f"{kind.kind}s are served")


def remove(server: ApiServer, *kinds: Kind) -> None:
    """Take them out and wait until they are gone."""
    for kind in kinds:
        server.kubectl("delete", "crd", f"{kind.plural}.{_group(kind)}", "--ignore-not-found")
        eventually(partial(_is_gone, server, kind), f"{kind.kind}s are gone")


@contextmanager
def installed(server: ApiServer, *kinds: Kind) -> Iterator[None]:
    """They are there while the block runs."""
    install(server, *kinds)
    try:
        yield
    finally:
        remove(server, *kinds)


def accepted(parent: str = "public", generation: int = 1) -> dict[str, Any]:
    """The status of a route that its parent takes."""
    stamp = {"lastTransitionTime": "2026-11-24T12:00:00Z", "message": ""}
    said = [
        {"type": kind, "status": "True", "reason": kind, "observedGeneration": generation, **stamp}
        for kind in ("Accepted", "ResolvedRefs")
    ]
    ref = {"name": parent}
    return {"parents": [{"parentRef": ref, "controllerName": "test/c", "conditions": said}]}


def issued() -> dict[str, Any]:
    """The status of a certificate that can be served."""
    return {"conditions": [{"type": "Ready", "status": "True", "message": "up to date"}]}


def _routes() -> dict[str, Any]:
    """The CRD of HTTPRoutes as the Gateway API publishes it."""
    folder = modules.folder("contour", "sigs.k8s.io/gateway-api")
    path = folder / "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"
    return dict(yaml.safe_load(path.read_text()))


def _definition(kind: Kind) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"spec": SPECS[kind.kind], "status": STATUS}}
    version = {
        "name": kind.api_version.partition("/")[2],
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }
    names = {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{_group(kind)}"},
        "spec": {
            "group": _group(kind),
            "scope": "Namespaced",
            "names": names,
            "versions": [version],
        },
    }


def _group(kind: Kind) -> str:
    return kind.api_version.partition("/")[0]


def _is_gone(server: ApiServer, kind: Kind) -> bool:
    return not _is_served(server, kind)


def _is_served(server: ApiServer, kind: Kind) -> bool:
    root = f"/apis/{kind.api_version}"
    answer = server.try_kubectl("get", "--raw", f"{root}/{kind.plural}")
    listed = server.try_kubectl("get", "--raw", root)
    return answer.returncode == 0 and kind.plural in listed.stdout

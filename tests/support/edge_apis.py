"""The APIs of HTTPRoutes and Certificates, put into a cluster and taken out of it again.

HTTPRoute's is the real one. Of Certificate's there is as much as we use, with a closed schema: a field
that the real one does not have would be dropped, and seen as drift.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import yaml

from dev.cluster.tools import modules
from polyant_operator.kube.kinds import CERTIFICATE, HTTP_ROUTE, Kind
from support.apiserver import ApiServer
from support.operator_process import eventually

STRING: dict[str, Any] = {"type": "string"}
SPEC = {
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
CERTIFICATES: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "certificates.cert-manager.io"},
    "spec": {
        "group": "cert-manager.io",
        "scope": "Namespaced",
        "names": {"kind": "Certificate", "plural": "certificates", "singular": "certificate"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": SPEC, "status": STATUS},
                    }
                },
            }
        ],
    },
}


def routes() -> dict[str, Any]:
    """The CRD of HTTPRoutes as the Gateway API publishes it."""
    folder = modules.folder("contour", "sigs.k8s.io/gateway-api")
    path = folder / "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"
    return dict(yaml.safe_load(path.read_text()))


def install(server: ApiServer) -> None:
    """Put both APIs in and wait until they are served."""
    for definition, kind in ((routes(), HTTP_ROUTE), (CERTIFICATES, CERTIFICATE)):
        text = json.dumps(definition)
        server.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)
        eventually(partial(_is_served, server, kind), f"{kind.kind}s are served")


def remove(server: ApiServer) -> None:
    """Take both out and wait until they are gone."""
    for kind in (HTTP_ROUTE, CERTIFICATE):
        name = f"{kind.plural}.{kind.api_version.partition('/')[0]}"
        server.kubectl("delete", "crd", name, "--ignore-not-found")
        eventually(partial(_is_gone, server, kind), f"{kind.kind}s are gone")


@contextmanager
def installed(server: ApiServer) -> Iterator[None]:
    """Both are there while the block runs."""
    install(server)
    try:
        yield
    finally:
        remove(server)


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


def _is_gone(server: ApiServer, kind: Kind) -> bool:
    return not _is_served(server, kind)


def _is_served(server: ApiServer, kind: Kind) -> bool:
    root = f"/apis/{kind.api_version}"
    answer = server.try_kubectl("get", "--raw", f"{root}/{kind.plural}")
    listed = server.try_kubectl("get", "--raw", root)
    return answer.returncode == 0 and kind.plural in listed.stdout

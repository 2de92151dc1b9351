"""The objects a fresh cluster gets: storage class, DNS, IngressClass, GatewayClass and Gateway. Pure."""

import base64
from pathlib import Path
from typing import Any

from dev.cluster.layout import Layout
from dev.cluster.node.configs import GATEWAY_NAME, GATEWAY_NAMESPACE
from dev.cluster.node.provisioner import PROVISIONER

CONTAINER_PORT_OFFSET = 8000  # Contour serves a Gateway's listener 80 on port 8080, and so on
EDGE_SECRET = "edge-certificate"  # noqa: S105 - an object's name

Manifest = dict[str, Any]


def objects(layout: Layout, *, certificate: bytes, key: bytes) -> list[Manifest]:
    """Return all objects, in the order in which they can be applied."""
    return [
        _namespace(),
        _storage_class(),
        *_dns(layout),
        _ingress_class(),
        _edge_secret(certificate, key),
        _gateway_class(),
        gateway(layout),
    ]


def definitions(contour: Path, gateway_api: Path) -> list[Path]:
    """Return the files with the CustomResourceDefinitions, inside the two Go modules."""
    standard = sorted((gateway_api / "config/crd/standard").glob("gateway.*.yaml"))
    return [contour / "examples/contour/01-crds.yaml", *standard]


def gateway(layout: Layout) -> Manifest:
    """Return the Gateway, whose two listeners are the edge's two ports."""
    everywhere = {"namespaces": {"from": "All"}}
    http: Manifest = {
        "name": "http",
        "protocol": "HTTP",
        "port": layout.edge_http_port - CONTAINER_PORT_OFFSET,
        "allowedRoutes": everywhere,
    }
    https: Manifest = {
        "name": "https",
        "protocol": "HTTPS",
        "port": layout.edge_https_port - CONTAINER_PORT_OFFSET,
        "allowedRoutes": everywhere,
        "tls": {"mode": "Terminate", "certificateRefs": [{"name": EDGE_SECRET}]},
    }
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": GATEWAY_NAME, "namespace": GATEWAY_NAMESPACE},
        "spec": {"gatewayClassName": "contour", "listeners": [http, https]},
    }


def _namespace() -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": GATEWAY_NAMESPACE}}


def _storage_class() -> Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _dns(layout: Layout) -> list[Manifest]:
    """Return the DNS Service without a selector: the server is a process, not a pod."""
    ports = [("dns", "UDP"), ("dns-tcp", "TCP")]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "namespace": "kube-system"},
        "spec": {
            "clusterIP": layout.dns_ip,
            "ports": [{"name": name, "port": 53, "protocol": kind} for name, kind in ports],
        },
    }
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kube-dns-host",
            "namespace": "kube-system",
            "labels": {"kubernetes.io/service-name": "kube-dns"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [layout.host_ip], "conditions": {"ready": True}}],
        "ports": [{"name": name, "port": 53, "protocol": kind} for name, kind in ports],
    }
    return [service, endpoints]


def _ingress_class() -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "contour"},
        "spec": {"controller": "projectcontour.io/ingress-controller"},
    }


def _edge_secret(certificate: bytes, key: bytes) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": EDGE_SECRET, "namespace": GATEWAY_NAMESPACE},
        "type": "kubernetes.io/tls",
        "data": {
            "tls.crt": base64.b64encode(certificate).decode(),
            "tls.key": base64.b64encode(key).decode(),
        },
    }


def _gateway_class() -> Manifest:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "contour"},
        "spec": {"controllerName": "projectcontour.io/gateway-controller"},
    }

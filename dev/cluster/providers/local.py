"""The local provider: a node made of this machine's own kernel, for Linux with root."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dev.cluster import registry
from dev.cluster.layout import Layout
from dev.cluster.local import LocalCluster
from dev.cluster.node.configs import GATEWAY_NAME, GATEWAY_NAMESPACE
from dev.cluster.progress import Progress
from dev.cluster.providers.base import Edge


class Local:
    """A cluster in a set of kernel namespaces of this machine."""

    kind = "local"

    def __init__(self, name: str) -> None:
        self.name = name
        self._cluster = LocalCluster(registry.layout(name))  # checks the name

    def plan(self) -> Sequence[str]:
        """Return what `up` changes on this machine, and how to undo it."""
        layout = self._cluster.layout
        return (
            f"files: {layout.folder} (cluster) and {layout.folder.parents[1]}/bin (built tools)",
            "packages: those of containerd, CNI plugins, iptables, … that are missing, by apt-get",
            (
                f"network: interface {layout.interface} with routes to {layout.pod_cidr} and "
                f"{layout.service_cidr}, IP forwarding, 4 firewall rules marked {layout.mark}"
            ),
            f"ports: 127.0.0.1:{layout.edge_http_port} and :{layout.edge_https_port}",
            f"undo: python -m dev.cluster --name {self.name} down   (packages and tools stay)",
        )

    def up(self, progress: Progress) -> None:
        """Make the cluster, or start it again."""
        self._cluster.up(progress)

    def down(self, progress: Progress) -> None:
        """Remove the cluster."""
        self._cluster.down(progress)

    def status(self) -> Mapping[str, bool]:
        """Return which process runs."""
        return self._cluster.states()

    def load(self, images: Sequence[str], progress: Progress) -> Mapping[str, str]:
        """Import images from buildah's storage or from archive files."""
        store = self._cluster.images()
        return {image: store.load(image, progress) for image in images}

    def kubeconfig(self) -> Path:
        """Return the administrator's kubeconfig."""
        return self._cluster.kubeconfig

    def edge(self) -> Edge:
        """Return the addresses that Envoy listens on."""
        layout = self._cluster.layout
        return replace(edge_of(layout, layout.folder / "pki" / "ca.crt"), address=layout.host_ip)

    def enforces_policies(self) -> bool:
        """Tell whether the add-on runs."""
        return self._cluster.enforces_policies()

    def enforce_policies(self, progress: Progress) -> None:
        """Start the add-on."""
        self._cluster.enforce_policies(progress)

    def logs(self, component: str) -> str:
        """Return what a component wrote."""
        return self._cluster.log(component).read_text(encoding="utf-8", errors="replace")


def edge_of(layout: Layout, authority: Path | None) -> Edge:
    """Return the edge on the ports of a layout."""
    return Edge(
        http=f"127.0.0.1:{layout.edge_http_port}",
        https=f"127.0.0.1:{layout.edge_https_port}",
        ingress_class="contour",
        gateway=(GATEWAY_NAMESPACE, GATEWAY_NAME),
        authority=authority,
    )

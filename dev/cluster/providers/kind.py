"""The kind provider: Kubernetes inside a Docker engine, with the same edge as the local node.

Contour and the Gateway API come from the manifests inside the pinned Go module; the Gateway and the
IngressClass are the very objects of the local node.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from dev.cluster import folders, pki, registry
from dev.cluster.errors import ClusterError
from dev.cluster.layout import Layout
from dev.cluster.node import commands, credentials, manifests
from dev.cluster.node.configs import GATEWAY_NAMESPACE
from dev.cluster.progress import Progress, timed
from dev.cluster.providers import local
from dev.cluster.providers.base import Edge
from dev.cluster.tools import binary, modules

# The image that this release of kind was tested with.
NODE_IMAGE = (
    "kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"
)
RENDERED_CONTOUR = "examples/render/contour-gateway.yaml"
ROLLOUTS = ("deployment/contour", "daemonset/envoy")


class Kind:
    """A cluster that kind made."""

    kind = "kind"

    def __init__(self, name: str) -> None:
        self.name = name
        self._layout = registry.layout(name, folders.kind_folder())

    def plan(self) -> Sequence[str]:
        """Return what `up` changes on this machine, and how to undo it."""
        layout = self._layout
        return (
            f"Docker: a container {self.name}-control-plane from {NODE_IMAGE.partition('@')[0]}",
            f"files: {layout.folder}",
            f"ports: 127.0.0.1:{layout.edge_http_port} and :{layout.edge_https_port}",
            f"undo: python -m dev.cluster --name {self.name} --cluster kind down",
        )

    def up(self, progress: Progress) -> None:
        """Create the cluster unless it exists, and install Contour."""
        self._layout = registry.claim(self.name, progress, folders.kind_folder())
        if self._exists():
            self._kind(
                "export", "kubeconfig", f"--name={self.name}", f"--kubeconfig={self.kubeconfig()}"
            )
            progress(f"kind cluster {self.name} exists already")
        else:
            with timed(progress, f"kind cluster {self.name} created"):
                config = self._layout.folder / "kind.yaml"
                config.write_text(yaml.safe_dump(cluster_config(self._layout)), encoding="utf-8")
                self._kind(*create_arguments(self.name, config, self.kubeconfig()))
        with timed(progress, "Contour serves"):
            self._install_contour()

    def down(self, progress: Progress) -> None:
        """Delete the cluster."""
        self._kind("delete", "cluster", f"--name={self.name}")
        shutil.rmtree(self._layout.folder, ignore_errors=True)
        progress(f"kind cluster {self.name} is gone")

    def status(self) -> Mapping[str, bool]:
        """Return whether the container runs and the API server answers."""
        if not self._exists():
            return {}
        kubectl = [str(binary("kubectl")), f"--kubeconfig={self.kubeconfig()}"]
        return {
            "container": True,
            "kube-apiserver": commands.succeeds([*kubectl, "--request-timeout=5s", "version"]),
        }

    def load(self, images: Sequence[str], progress: Progress) -> Mapping[str, str]:
        """Load images from the Docker engine, or from archive files."""
        for image in images:
            with timed(progress, f"loaded image {image}"):
                self._kind(*load_arguments(self.name, image))
        return {image: image for image in images}

    def kubeconfig(self) -> Path:
        """Return the administrator's kubeconfig."""
        return self._layout.folder / "kubeconfig"

    def edge(self) -> Edge:
        """Return the addresses that Docker forwards to Envoy."""
        return local.edge_of(self._layout, self._layout.folder / "edge-ca.crt")

    def enforces_policies(self) -> bool:
        """Tell that kind's network enforces them, since 0.24."""
        return True

    def enforce_policies(self, progress: Progress) -> None:
        """Do nothing: they have an effect already."""

    def logs(self, component: str) -> str:
        """Return what a unit of the node wrote (kubelet, containerd)."""
        node = f"{self.name}-control-plane"
        return commands.run(["docker", "exec", node, "journalctl", "--no-pager", "-u", component])

    def _exists(self) -> bool:
        return self.name in self._kind("get", "clusters").split()

    def _kind(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(binary("kind")), *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ClusterError(
                f"`kind {' '.join(arguments)}` failed: {done.stderr.strip()[-2000:]}",
                cure="Look whether the Docker engine runs (docker info) and has free disk space.",
            )
        return done.stdout

    def _install_contour(self) -> None:
        source = modules.folder("contour", "github.com/projectcontour/contour")
        self._kubectl(
            "apply", "--server-side", "--force-conflicts", f"-f={source / RENDERED_CONTOUR}"
        )
        text = yaml.safe_dump_all(edge_objects(self._layout, self._edge_certificate()))
        self._kubectl("apply", "--server-side", "--force-conflicts", "-f=-", stdin=text)
        for rollout in ROLLOUTS:
            self._kubectl(
                "rollout", "status", rollout, "--timeout=300s",
                f"--namespace={GATEWAY_NAMESPACE}",
            )  # fmt: skip

    def _edge_certificate(self) -> pki.KeyPair:
        authority = pki.Authority(self._layout.folder, "edge-ca")
        return authority.issue("edge", credentials.servers(self._layout)["edge"])

    def _kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        kubectl = [str(binary("kubectl")), f"--kubeconfig={self.kubeconfig()}"]
        return commands.run([*kubectl, *arguments], stdin=stdin)


def cluster_config(layout: Layout) -> dict[str, Any]:
    """Return kind's configuration: one node, with the edge's ports on this machine's loopback."""
    ports = ((80, layout.edge_http_port), (443, layout.edge_https_port))
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [
            {
                "role": "control-plane",
                "image": NODE_IMAGE,
                "extraPortMappings": [
                    {"containerPort": inside, "hostPort": outside, "listenAddress": "127.0.0.1"}
                    for inside, outside in ports
                ],
            }
        ],
    }


def create_arguments(name: str, config: Path, kubeconfig: Path) -> tuple[str, ...]:
    """Return kind's arguments to create the cluster without touching the person's own kubeconfig."""
    return (
        *("create", "cluster", f"--name={name}", f"--config={config}"),
        *(f"--kubeconfig={kubeconfig}", "--wait=180s"),
    )


def load_arguments(name: str, image: str) -> tuple[str, ...]:
    """Return kind's arguments to load an image, or an archive when it is a file."""
    what = "image-archive" if Path(image).is_file() else "docker-image"
    return ("load", what, image, f"--name={name}")


def edge_objects(layout: Layout, certificate: pki.KeyPair) -> list[manifests.Manifest]:
    """Return the objects of the edge; inside the container its ports are always 80 and 443."""
    every = manifests.objects(
        replace(layout, index=0),
        certificate=certificate.certificate.read_bytes(),
        key=certificate.key.read_bytes(),
    )
    wanted = {"IngressClass", "Secret", "GatewayClass", "Gateway"}
    return [manifest for manifest in every if manifest["kind"] in wanted]

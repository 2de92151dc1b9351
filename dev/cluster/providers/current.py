"""The current provider: a cluster that is there already, chosen by the current kubectl context.

Nothing is installed on it and nothing is removed from it. Images reach it through a registry that
the person names in REGISTRY, because nothing else is known about the cluster.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from dev.cluster import folders, kubeconfig, registry
from dev.cluster.errors import ClusterError
from dev.cluster.node import commands
from dev.cluster.progress import Progress, timed
from dev.cluster.providers.base import Edge
from dev.cluster.tools import binary


class Current:
    """The cluster of the current context."""

    kind = "current"

    def __init__(self, name: str) -> None:
        registry.check_name(name)
        self.name = name
        self._folder = folders.current_folder() / name

    def plan(self) -> Sequence[str]:
        """Return what `up` changes: nothing but a copy of the kubeconfig."""
        return (
            f"files: a copy of the current context's kubeconfig in {self._folder}",
            "cluster: nothing is installed; no edge, so a port-forward is used",
            "undo: python -m dev.cluster --cluster current down",
        )

    def up(self, progress: Progress) -> None:
        """Copy the current context, so that switching contexts later changes nothing, and try it."""
        kubectl = str(binary("kubectl", progress))
        text = commands.run([kubectl, "config", "view", "--minify", "--flatten", "--raw"])
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = kubeconfig.write(self.kubeconfig(), text)
        try:
            commands.run([kubectl, f"--kubeconfig={path}", "--request-timeout=10s", "version"])
        except ClusterError as error:
            path.unlink()
            raise ClusterError(
                f"The cluster of the current kubectl context does not answer: {error.message}",
                cure="Choose a context that works: kubectl config use-context NAME",
            ) from error
        progress(f"using the cluster of the current context ({path})")

    def down(self, progress: Progress) -> None:
        """Forget the copied kubeconfig; the cluster stays as it is."""
        shutil.rmtree(self._folder, ignore_errors=True)
        progress("the current cluster is left as it is")

    def status(self) -> Mapping[str, bool]:
        """Return whether the API server answers."""
        if not self.kubeconfig().exists():
            return {}
        kubectl = str(binary("kubectl"))
        command = [kubectl, f"--kubeconfig={self.kubeconfig()}", "--request-timeout=5s", "version"]
        return {"kube-apiserver": commands.succeeds(command)}

    def load(self, images: Sequence[str], progress: Progress) -> Mapping[str, str]:
        """Push images to the registry that REGISTRY names."""
        target = os.environ.get("REGISTRY", "").rstrip("/")
        if not target:
            raise ClusterError(
                "CLUSTER=current needs a registry that the cluster can pull from.",
                cure="Name one you may push to: REGISTRY=registry.example.com/me make up …",
            )
        names = {image: pushed_name(image, target) for image in images}
        for image, name in names.items():
            with timed(progress, f"pushed {name}"):
                for command in push_commands(image, name, docker=_has_docker()):
                    commands.run(command)
        return names

    def kubeconfig(self) -> Path:
        """Return the copied kubeconfig."""
        return self._folder / "kubeconfig"

    def edge(self) -> Edge | None:
        """Return None: whatever edge the cluster has is not ours to guess."""
        return None

    def enforces_policies(self) -> None:
        """Tell nothing: it is somebody else's network."""

    def enforce_policies(self, progress: Progress) -> None:
        """Do nothing: it is somebody else's network."""

    def logs(self, component: str) -> str:
        """Refuse: the components of somebody else's cluster are not here."""
        raise ClusterError(
            f"The logs of {component} are with whoever runs the cluster.",
            cure="Use that cluster's own tools.",
        )


def pushed_name(image: str, target: str) -> str:
    """Return an image's name in the registry: the last part of its own name under the target."""
    return f"{target}/{image.removeprefix('localhost/').replace('/', '-')}"


def push_commands(image: str, name: str, *, docker: bool) -> tuple[tuple[str, ...], ...]:
    """Return the commands that push a local image under another name."""
    if docker:
        return (("docker", "tag", image, name), ("docker", "push", name))
    return (("buildah", "push", image, f"docker://{name}"),)


def _has_docker() -> bool:
    return shutil.which("docker") is not None

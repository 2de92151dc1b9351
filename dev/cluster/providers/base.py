"""What every source of a cluster can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dev.cluster.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Edge:
    """Where traffic enters the cluster, seen from this machine."""

    http: str
    """host:port for plain HTTP."""
    https: str
    """host:port for TLS."""
    ingress_class: str
    gateway: tuple[str, str]
    """Namespace and name of a Gateway that takes routes from every namespace."""
    authority: Path | None = None
    """Who signed the Gateway's certificate for *.polyant.test."""
    address: str | None = None
    """Where its connections to pods come from, when it is no pod itself."""


class Provider(Protocol):
    """A source of one named cluster."""

    kind: str
    """local, kind or current."""
    name: str

    def plan(self) -> Sequence[str]:
        """Return what `up` will change on this machine, a line each, and how to undo it."""
        ...

    def up(self, progress: Progress) -> None:
        """Make the cluster, or start it again; quick when it runs already."""
        ...

    def down(self, progress: Progress) -> None:
        """Remove what `up` made; nothing to do is no error."""
        ...

    def status(self) -> Mapping[str, bool]:
        """Return which part runs; empty when there is no cluster."""
        ...

    def load(self, images: Sequence[str], progress: Progress) -> Mapping[str, str]:
        """Make images available to pods; return the name that each has inside the cluster."""
        ...

    def kubeconfig(self) -> Path:
        """Return the administrator's kubeconfig, with exactly one context."""
        ...

    def edge(self) -> Edge | None:
        """Return the way in; None when this source installs no edge (use a port-forward)."""
        ...

    def enforces_policies(self) -> bool | None:
        """Tell whether NetworkPolicies have an effect; None where that is somebody else's matter."""
        ...

    def enforce_policies(self, progress: Progress) -> None:
        """Let NetworkPolicies have an effect from now on, where they have none and that is ours."""
        ...

    def logs(self, component: str) -> str:
        """Return what a component wrote."""
        ...

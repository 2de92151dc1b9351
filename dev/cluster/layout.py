"""Where a cluster lives on the machine: names, addresses and ports follow from one small number.

Cluster 0 gets the well-known ports; the others get the same layout moved by their number, so that
several run side by side. Everything inside the node has a network namespace of its own, so the
usual Kubernetes ports never collide.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

DEFAULT_NAME = "polyant"
INTERFACE_PREFIX = "plyt"
MARK_PREFIX = "polyant-cluster-"
LARGEST_INDEX = 99
EDGE_STEP = 10  # distance between the edge ports of two clusters


@dataclass(frozen=True, kw_only=True)
class Layout:
    """All names, addresses and ports of one cluster."""

    name: str
    index: int
    folder: Path

    @property
    def interface(self) -> str:
        """Return the host's end of the cable into the node."""
        return f"{INTERFACE_PREFIX}{self.index}"

    @property
    def link_cidr(self) -> str:
        """Return the network between host and node."""
        return f"10.245.{self.index}.0/30"

    @property
    def host_ip(self) -> str:
        """Return the host's address on that network; CoreDNS listens there."""
        return f"10.245.{self.index}.1"

    @property
    def node_ip(self) -> str:
        """Return the node's address; the API server listens there."""
        return f"10.245.{self.index}.2"

    @property
    def pod_cidr(self) -> str:
        """Return the addresses of pods."""
        return f"10.244.{self.index}.0/24"

    @property
    def service_cidr(self) -> str:
        """Return the addresses of Services."""
        return f"10.96.{self.index}.0/24"

    @property
    def api_service_ip(self) -> str:
        """Return the address of the API server's Service."""
        return f"10.96.{self.index}.1"

    @property
    def dns_ip(self) -> str:
        """Return the address of the DNS Service."""
        return f"10.96.{self.index}.10"

    @property
    def edge_http_port(self) -> int:
        """Return the port on 127.0.0.1 that serves Ingresses and HTTPRoutes."""
        return 8080 + EDGE_STEP * self.index

    @property
    def edge_https_port(self) -> int:
        """Return the same with TLS."""
        return 8443 + EDGE_STEP * self.index

    @property
    def node_name(self) -> str:
        """Return the Node object's name."""
        return f"{self.name}-node"

    @property
    def cgroup(self) -> str:
        """Return the cgroup under which all pods live; a kubelet kills what it does not know there."""
        return f"polyant-{self.index}-{self.name}"

    @property
    def mark(self) -> str:
        """Return the comment that marks our firewall rules."""
        return f"{MARK_PREFIX}{self.index}-{self.name}"


def free_index(name: str, taken: dict[str, int], foreign: AbstractSet[int] = frozenset()) -> int:
    """Return a cluster's number: what it had before, 0 for the default cluster, else the first free one."""
    if name in taken:
        return taken[name]
    if name == DEFAULT_NAME and 0 not in foreign:
        return 0  # kept free for it, so that its address is always the documented one
    free = set(range(1, LARGEST_INDEX + 1)) - set(taken.values()) - foreign
    return min(free)

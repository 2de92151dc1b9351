"""Who may connect to whom, by real connections.

Each connection is tried on every cluster. Where the network does not enforce policies all of them
succeed, which is asserted as well: so the attempts themselves are proved, and a cluster that begins
or ceases to enforce is noticed. On kind they are enforced, on the local node by an
add-on that `make e2e` starts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from dev.up.kubectl import Kubectl
from support.endtoend import Cluster, Installation, until

pytestmark = pytest.mark.e2e

# A change of a policy takes a moment to reach the network.
SETTLED_SECONDS = 20
PORT = 8000
_SERVE = f"import http.server as h; h.test(h.SimpleHTTPRequestHandler, port={PORT}, bind='0.0.0.0')"
_CONNECT = (
    "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()"
)

Connects = Callable[[str, str, int], bool]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A connection from a pod to a Service or a pod, and whether policies allow it."""

    source: str
    target: str
    port: int
    allowed: bool

    @property
    def words(self) -> str:
        """How the test is called."""
        return f"{self.source} to {self.target}:{self.port}"


def pod(cluster: Cluster, name: str) -> dict[str, Any]:
    """A pod that serves files, and from which connections can be tried."""
    container = {
        "name": "python",
        "image": cluster.engine_image,
        "command": ["python3", "-c", _SERVE],
        "workingDir": "/tmp",  # noqa: S108 (inside the container)
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"test": name}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
    }


def closed(name: str) -> dict[str, Any]:
    """A policy of our own, so that finding out does not depend on what is tested."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {"podSelector": {"matchLabels": {"test": name}}, "policyTypes": ["Ingress"]},
    }


@pytest.fixture(scope="module")
def pods(cluster: Cluster, acme: Installation) -> Iterator[Kubectl]:
    kubectl, names = acme.kubectl, ("stranger", "open", "closed")
    kubectl.apply([closed("closed"), *(pod(cluster, name) for name in names)])
    kubectl.run("wait", "pods", *names, "--for=condition=Ready", "--timeout=90s", timeout=100)
    yield kubectl
    kubectl.run("delete", "networkpolicy", "closed")
    kubectl.run("delete", "pods", *names, "--wait=false")


@pytest.fixture(scope="module")
def connects(pods: Kubectl, acme: Installation) -> Connects:
    def source(name: str) -> list[str]:
        if name in {"engine", "web"}:
            return [acme.pods(name)[0]["metadata"]["name"], "-c", name]
        return [name]

    def target(name: str) -> str:
        if name in {"engine", "web", "database"}:
            return f"{acme.name}-{name}"
        if name in {"engine pod", "web pod"}:
            return str(acme.pods(name.partition(" ")[0])[0]["status"]["podIP"])
        if name in {"open", "closed", "stranger"}:
            return str((pods.get("pod", name) or {})["status"]["podIP"])
        return name

    def connect(start: str, end: str, port: int) -> bool:
        words = ["exec", *source(start), "--", "python3", "-c", _CONNECT, target(end), str(port)]
        return pods.attempt(*words, timeout=30).returncode == 0

    return connect


@pytest.fixture(scope="module")
def enforced(connects: Connects) -> bool:
    until(lambda: connects("stranger", "open", PORT), SETTLED_SECONDS, "a pod answers another")
    try:
        until(lambda: not connects("stranger", "closed", PORT), 10, "a policy takes effect")
    except AssertionError:
        return False
    return True


def agrees(flow: Flow, connects: Connects, *, enforced: bool) -> bool:
    return connects(flow.source, flow.target, flow.port) is (flow.allowed or not enforced)


def test_it_is_known_whether_this_cluster_enforces_policies(
    cluster: Cluster, *, enforced: bool
) -> None:
    """Of a cluster that is somebody else's nothing is known, and anything is right."""
    assert cluster.enforces_policies in {str(enforced), str(None)}


INTO = (
    Flow(source="stranger", target="web", port=3000, allowed=True),
    Flow(source="stranger", target="engine", port=4000, allowed=True),
    Flow(source="stranger", target="engine", port=4001, allowed=False),
    Flow(source="stranger", target="engine pod", port=9090, allowed=False),
    Flow(source="stranger", target="web pod", port=9090, allowed=False),
    Flow(source="stranger", target="database", port=5432, allowed=False),
    Flow(source="web", target="engine", port=4001, allowed=True),
    Flow(source="web", target="database", port=5432, allowed=False),
    Flow(source="engine", target="database", port=5432, allowed=True),
    Flow(source="engine", target="open", port=PORT, allowed=True),
)


@pytest.mark.parametrize("flow", INTO, ids=lambda flow: flow.words)
def test_the_way_in(flow: Flow, connects: Connects, *, enforced: bool) -> None:
    assert agrees(flow, connects, enforced=enforced)


# Not among them: the panel and the API server. On one node that is the pod's own node, which every
# network lets it reach; the unit tests have that connection.
OUT = (
    Flow(source="engine", target="database", port=5432, allowed=True),
    Flow(source="engine", target="kubernetes.default.svc", port=443, allowed=True),
    Flow(source="web", target="engine", port=4001, allowed=True),
    Flow(source="engine", target="demo-model", port=8081, allowed=True),
    Flow(source="engine", target="open", port=PORT, allowed=False),
    Flow(source="web", target="open", port=PORT, allowed=False),
)
# Only the edge may reach panel and API, and only the stranger may read the metrics.
NAMED = (
    Flow(source="stranger", target="web", port=3000, allowed=False),
    Flow(source="stranger", target="engine", port=4000, allowed=False),
    Flow(source="stranger", target="engine pod", port=9090, allowed=True),
    Flow(source="open", target="engine pod", port=9090, allowed=False),
)


@pytest.fixture(scope="module")
def restricted(acme: Installation) -> Iterator[None]:
    """The shared installation with restricted ways in and out; no pod rolls for that."""
    allow = [
        {
            "to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "demo-model"}}}],
            "ports": [{"port": 8081}],
        }
    ]
    acme.apply(
        networkPolicy={
            "egress": "Restricted",
            "allow": allow,
            "edgeFrom": [acme.cluster.edge_peer],
            "metricsFrom": [{"podSelector": {"matchLabels": {"test": "stranger"}}}],
        }
    )
    until(lambda: _is_restricted(acme), SETTLED_SECONDS, "the policies restrict egress")
    yield
    acme.apply()
    until(lambda: not _is_restricted(acme), SETTLED_SECONDS, "the policies leave egress alone")


def _is_restricted(acme: Installation) -> bool:
    found = acme.kubectl.get("networkpolicy", f"{acme.name}-web") or {}
    return "Egress" in found["spec"]["policyTypes"]


@pytest.mark.usefixtures("restricted")
@pytest.mark.parametrize("flow", [*OUT, *NAMED], ids=lambda flow: flow.words)
def test_the_restricted_ways(flow: Flow, connects: Connects, *, enforced: bool) -> None:
    until(lambda: agrees(flow, connects, enforced=enforced), SETTLED_SECONDS, flow.words)


@pytest.mark.usefixtures("restricted")
def test_a_restricted_installation_answers(acme: Installation, key: str) -> None:
    answer = acme.ask("hello", key, "Still there?")

    assert answer.status == 200, answer.text
    acme.until_ready(30)

"""A whole local cluster, beside whatever else runs: it works, survives a hard kill, and leaves nothing.

One long test on purpose: starting a cluster is the expensive part.
"""

import os
import platform
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.cluster import archives, registry
from dev.cluster.local import LocalCluster
from dev.cluster.tools.compiler import go_program
from support import cluster_traces as traces

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="a node needs Linux and root"
    ),
]
HERE = Path(__file__).parent
IMAGE = "localhost/polyant-test/hello:1"
NAME = "node-test"


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """An archive with an image of the web server beside this file."""
    program = tmp_path / "hello"
    subprocess.run(
        [go_program(), "build", "-trimpath", "-ldflags=-s -w", "-o", program, "."],
        cwd=HERE / "hello",
        env={**os.environ, "CGO_ENABLED": "0"},
        check=True,
    )
    archive = tmp_path / "hello.tar"
    archive.write_bytes(archives.program_image(IMAGE, program.read_bytes(), platform.machine()))
    return archive


@pytest.fixture
def cluster() -> Iterator[LocalCluster]:
    """A cluster that is not started yet and is gone after the test, whatever happens."""
    cluster = LocalCluster(registry.layout(NAME))
    cluster.down(print)  # what a killed test run may have left
    yield cluster
    cluster.down(print)


@pytest.mark.timeout(300)
def test_a_cluster_serves_survives_a_kill_and_leaves_nothing(
    cluster: LocalCluster, hello: Path
) -> None:
    before = traces.of(registry.layout(NAME))
    forwarding = Path("/proc/sys/net/ipv4/ip_forward").read_text()

    cluster.up(print)
    assert all(cluster.states().values())
    assert traces.of(cluster.layout).beyond(before), "the traces must be visible to be missed"

    check_images(cluster, hello)
    check_workload(cluster)
    check_edge(cluster)
    check_it_survives_a_kill(cluster)
    check_volumes_are_removed(cluster)

    cluster.down(print)
    assert traces.of(cluster.layout).beyond(before) == []
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == forwarding


def check_images(cluster: LocalCluster, hello: Path) -> None:
    said: list[str] = []
    first = cluster.images().load(str(hello), said.append)
    second = cluster.images().load(str(hello), said.append)

    assert (first, second) == (IMAGE, IMAGE)
    assert [line.split(" (")[0] for line in said] == [
        "loaded image hello.tar",
        "image hello.tar is loaded already",
    ]


def check_workload(cluster: LocalCluster) -> None:
    keys = cluster.layout.folder / "pki"
    cluster.kubectl(
        "create", "secret", "tls", "hello-tls",
        f"--cert={keys / 'edge.crt'}", f"--key={keys / 'edge.key'}",
    )  # fmt: skip
    cluster.kubectl("apply", f"--filename={HERE / 'hello' / 'objects.yaml'}")
    cluster.kubectl("rollout", "status", "deployment/hello", "--timeout=60s")

    lookup = ("exec", "deployment/hello", "--", "/program", "lookup")
    service = cluster.kubectl("get", "service", "hello", "--output=jsonpath={.spec.clusterIP}")
    assert cluster.kubectl(*lookup, "hello.default.svc.cluster.local").strip() == service
    assert cluster.kubectl(*lookup, "kubernetes").strip() == cluster.layout.api_service_ip
    assert cluster.kubectl("logs", "deployment/hello").strip() == "listening"


def check_edge(cluster: LocalCluster) -> None:
    assert eventually(lambda: visit(cluster, "plain.polyant.test")).startswith("visitor")
    assert eventually(lambda: visit(cluster, "route.polyant.test")).startswith("visitor")
    assert eventually(lambda: visit(cluster, "localhost", tls=True)).startswith("visitor")
    assert visit(cluster, "nobody.polyant.test") == "404"


def check_it_survives_a_kill(cluster: LocalCluster) -> None:
    count = int(visit(cluster, "plain.polyant.test").split()[1])
    for pid in traces.process_ids(cluster.layout):
        kill(pid)
    assert not cluster.is_running()

    cluster.up(print)
    cluster.kubectl("rollout", "status", "deployment/hello", "--timeout=60s")

    assert eventually(lambda: visit(cluster, "plain.polyant.test")) == f"visitor {count + 1}"


def check_volumes_are_removed(cluster: LocalCluster) -> None:
    volumes = cluster.layout.folder / "volumes"
    assert len(list(volumes.iterdir())) == 1
    cluster.kubectl("delete", f"--filename={HERE / 'hello' / 'objects.yaml'}", "--timeout=60s")

    eventually(lambda: "gone" if not list(volumes.iterdir()) else "404")
    assert "No resources" in eventually(
        lambda: cluster.kubectl("get", "pv", "--output=name") or "No resources"
    )


def eventually(look: Callable[[], str], within: float = 30.0) -> str:
    """Look again until the answer is neither an error page nor a refused connection."""
    deadline = time.monotonic() + within
    while True:
        answer = look()
        if not answer.isdigit() or time.monotonic() > deadline:
            return answer
        time.sleep(0.1)


def visit(cluster: LocalCluster, host: str, *, tls: bool = False) -> str:
    """Ask the edge for a host's page; an HTTP error is its code, no connection at all is 0."""
    layout = cluster.layout
    port = layout.edge_https_port if tls else layout.edge_http_port
    request = urllib.request.Request(  # noqa: S310 - our own edge
        f"{'https' if tls else 'http'}://localhost:{port}/", headers={"Host": host}
    )
    context = ssl.create_default_context(cafile=layout.folder / "pki" / "ca.crt") if tls else None
    try:
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:  # noqa: S310 - as above
            return str(answer.read().decode().strip())
    except urllib.error.HTTPError as error:
        with error:
            return str(error.code)
    except OSError:
        return "0"


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return

"""A real Flux: its kustomize-controller against an API server, and what its source-controller would serve.

The source is a `GitRepository` whose artifact a small HTTP server gives out: to the kustomize-controller
there is no difference to a cloned repository.
"""

import contextlib
import hashlib
import http.server
import io
import json
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from typing_extensions import override

from dev.cluster import controlplane, tools
from dev.cluster.tools import modules
from support import kstatus
from support.apiserver import ApiServer
from support.operator_process import eventually

NAMESPACE = "flux-system"
# Whose CRDs are used; the kustomize-controller's version is that of its go.mod.
KUSTOMIZE_CONTROLLER = "github.com/fluxcd/kustomize-controller"
SOURCE_CONTROLLER = "github.com/fluxcd/source-controller@v1.9.5"
HELM_CONTROLLER = "github.com/fluxcd/helm-controller@v1.6.1"


def install_crds(server: ApiServer) -> None:
    """Install the CRDs of Flux, from the sources of its controllers."""
    server.kubectl("create", "namespace", NAMESPACE)
    for module in (KUSTOMIZE_CONTROLLER, SOURCE_CONTROLLER, HELM_CONTROLLER):
        folder = modules.folder("flux", module) / "config" / "crd" / "bases"
        server.kubectl("apply", "--server-side", "-f", str(folder))
    await_crds(server)


def await_crds(server: ApiServer) -> None:
    """Wait until all are served; `kubectl wait` fails at once on one that has no status yet."""
    wait = ("wait", "crd", "--all", "--for=condition=Established", "--timeout=10s")
    served = "every CRD is established"
    eventually(lambda: server.try_kubectl(*wait).returncode == 0, served, seconds=120)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


@dataclass
class Source:
    """A Git repository as the kustomize-controller sees it."""

    server: ApiServer
    folder: Path
    url: str
    name: str = "fleet"
    revisions: list[str] = field(default_factory=list)

    def push(self, files: Path) -> str:
        """Make a folder the newest revision; return its name."""
        content = _archive(files)
        digest = hashlib.sha256(content).hexdigest()
        (self.folder / f"{digest}.tar.gz").write_bytes(content)
        revision = f"main@sha1:{digest[:40]}"
        artifact = {
            "path": f"{digest}.tar.gz",
            "url": f"{self.url}/{digest}.tar.gz",
            "revision": revision,
            "digest": f"sha256:{digest}",
            "lastUpdateTime": "2026-01-01T00:00:00Z",
            "size": len(content),
        }
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "Succeeded",
            "message": revision,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "observedGeneration": 1,
        }
        status = {"observedGeneration": 1, "artifact": artifact, "conditions": [ready]}
        target = ("gitrepository", self.name, f"--namespace={NAMESPACE}")
        patch = json.dumps({"status": status})
        self.server.kubectl("patch", *target, "--subresource=status", "--type=merge", "-p", patch)
        self.revisions.append(revision)
        return revision


def _archive(files: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path in sorted(files.rglob("*")):
            archive.add(path, arcname=path.relative_to(files), recursive=False)
    return buffer.getvalue()


@contextmanager
def source(server: ApiServer, folder: Path) -> Iterator[Source]:
    """Serve artifacts until the block ends."""
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        made = Source(server, folder, f"http://127.0.0.1:{listener.server_port}")
        body = {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": {"name": made.name, "namespace": NAMESPACE},
            "spec": {"interval": "1m", "url": "https://git.test/fleet"},
        }
        server.kubectl("apply", "-f", "-", stdin=json.dumps(body))
        try:
            yield made
        finally:
            listener.shutdown()
            thread.join()


@dataclass
class Controller:
    """A running kustomize-controller."""

    server: ApiServer
    log: Path

    def kustomization(self, name: str) -> dict[str, Any]:
        """The live Kustomization."""
        target = ("kustomization.kustomize.toolkit.fluxcd.io", name, f"--namespace={NAMESPACE}")
        found: dict[str, Any] = json.loads(self.server.kubectl("get", *target, "-o", "json"))
        return found

    def has_applied(self, name: str, revision: str) -> bool:
        """Whether everything of a revision is applied and healthy."""
        live = self.kustomization(name)
        applied = live.get("status", {}).get("lastAppliedRevision")
        return kstatus.compute(live) == kstatus.CURRENT and applied == revision

    def ready(self, name: str) -> tuple[str, str, str]:
        """Status, reason and message of its Ready condition."""
        for each in self.kustomization(name).get("status", {}).get("conditions", []):
            if each["type"] == "Ready":
                return each["status"], each["reason"], each["message"]
        return "", "", ""

    def runs(self, name: str) -> int:
        """How often it has compared the cluster with the source."""
        lines = self.log.read_text().splitlines()
        return sum(name in line and "Reconciliation finished" in line for line in lines)


@contextmanager
def controller(server: ApiServer, folder: Path) -> Iterator[Controller]:
    """Run the kustomize-controller until the block ends."""
    ports = controlplane.free_ports()
    command = [
        str(tools.binary("kustomize-controller")),
        f"--metrics-addr=127.0.0.1:{ports.etcd}",
        f"--health-addr=127.0.0.1:{ports.etcd_peer}",
        "--no-remote-bases",
        "--log-level=info",
        "--requeue-dependency=5s",
    ]
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "KUBECONFIG": str(server.kubeconfig),
        "RUNTIME_NAMESPACE": NAMESPACE,
    }
    log = folder / "kustomize-controller.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=output)
    try:
        yield Controller(server, log)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        process.kill()
        process.wait()

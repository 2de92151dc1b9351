"""A real API server for integration tests: `with apiserver.running(folder) as server: …`.

Use it once per test session (it takes about 3 s) and give each test its own namespace. There is no
controller manager: nothing garbage-collects, makes pods of Deployments or finishes deleting a namespace.
"""

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.cluster import controlplane, tools


@dataclass(frozen=True, kw_only=True)
class ApiServer:
    """A running API server and the ways in, all as a cluster administrator."""

    url: str
    kubeconfig: Path
    ca_file: Path
    client_certificate: Path
    client_key: Path
    token: str
    """Bearer token, for clients that do not use certificates."""

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl and return what it prints; a failure raises with kubectl's own words."""
        done = self.try_kubectl(*arguments, stdin=stdin)
        if done.returncode:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def try_kubectl(
        self, *arguments: str, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl and return exit code and output, for requests that should be refused."""
        command = [str(tools.binary("kubectl")), f"--kubeconfig={self.kubeconfig}", *arguments]
        return subprocess.run(command, input=stdin, text=True, capture_output=True, check=False)

    def new_namespace(self, prefix: str = "test") -> str:
        """Create a namespace that no other test uses."""
        name = f"{prefix}-{uuid.uuid4().hex[:8]}"
        self.kubectl("create", "namespace", name)
        return name


@contextmanager
def running(folder: Path) -> Iterator[ApiServer]:
    """Run etcd and an API server in the folder, on free ports, until the block ends."""
    with controlplane.ControlPlane(folder) as plane:
        access = plane.access
        yield ApiServer(
            url=access.server,
            kubeconfig=access.kubeconfig,
            ca_file=access.authority,
            client_certificate=access.client.certificate,
            client_key=access.client.key,
            token=access.token,
        )

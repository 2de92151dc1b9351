"""Kubernetes' own controllers beside an API server for tests: `with controllers.running(server, folder): …`.

They make pods of Deployments (which nobody runs), count quotas, collect garbage and finish the deletion
of namespaces. They act on every namespace, so a module that uses them has an API server of its own.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.cluster import controlplane
from dev.cluster.tools import build
from support import apiserver

NAMES = (
    "namespace-controller",
    "resourcequota-controller",
    "garbage-collector-controller",
    "deployment-controller",
    "replicaset-controller",
    "statefulset-controller",
    "job-controller",
    "persistentvolumeclaim-protection-controller",
)


@contextmanager
def running(server: apiserver.ApiServer, folder: Path) -> Iterator[None]:
    """Run them until the block ends."""
    build.binaries(["kube-controller-manager"], lambda _: None)
    command = [
        str(build.location("kube-controller-manager")),
        f"--kubeconfig={server.kubeconfig}",
        f"--controllers={','.join(NAMES)}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        f"--secure-port={controlplane.free_ports().api}",
        f"--cert-dir={folder / 'controllers'}",
    ]
    with (folder / "controllers.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()

"""The node's kernel namespaces: processes, mounts and network of their own, held by one small process.

Everything of a cluster runs inside, so one kill ends all of it: the kernel then kills every process,
unmounts every mount and removes every interface and firewall rule in there. Nothing has to be
remembered to be cleaned up, not even after a power cut or a `kill -9`.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.node import commands
from dev.cluster.processes import POLL_EVERY, Component

HIDDEN_SYSCTLS = {
    # The kubelet wants to set these for the whole machine; it finds them set and changes nothing.
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
KEPT = {
    # Folders whose contents the node keeps in the cluster's own folder, under these names.
    "/var/log": "log",
    "/var/lib/kubelet": "kubelet",
    "/var/lib/cni": "cni",
}


@dataclass(frozen=True)
class Namespace:
    """The namespaces that a process holds open."""

    process_id: int

    def prefix(self, *, host_network: bool = False) -> tuple[str, ...]:
        """Return what makes a command run inside; the edge and DNS stay in the host's network."""
        network = () if host_network else ("--net",)
        return ("nsenter", f"--target={self.process_id}", "--mount", "--pid", *network, "--")

    def run(self, *command: str) -> str:
        """Run a command inside."""
        return commands.run([*self.prefix(), *command])


def holder(pause: Path, folder: Path) -> Component:
    """Return the process that makes the namespaces and holds them: it is process 1 in there.

    The folder on its command line is only a name by which `find` knows it again.
    """
    return Component(
        name="node",
        argv=(
            *("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc"),
            *("--propagation", "slave", str(pause), str(folder)),
        ),
    )


def find(folder: Path) -> Namespace | None:
    """Return the namespaces of a cluster, by their first process; the process table cannot be stale."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _is_holder(entry, folder):
            return Namespace(int(entry.name))
    return None


def end(folder: Path) -> None:
    """Kill the first process and with it everything inside; return when all of it is gone."""
    while (inside := find(folder)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(inside.process_id, signal.SIGKILL)
        time.sleep(POLL_EVERY)


def _is_holder(process: Path, folder: Path | None = None) -> bool:
    """Whether a process holds the namespaces of this cluster, or of any."""
    try:
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    ours = Path(words[0]).name.startswith("pause-") and words[1:2] != [""]
    return ours and (folder is None or words[1:2] == [str(folder)])


def furnish(inside: Namespace, folder: Path) -> None:
    """Mount what the node keeps to itself: run-time folders, logs, kubelet state, machine-wide settings."""
    inside.run("mount", "--make-rshared", "/")  # volumes must reach the containers
    for path in ("/run/containerd", "/run/netns"):
        Path(path).mkdir(parents=True, exist_ok=True)
        inside.run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", path)
    # Addresses that were handed out are free again: the pods that had them are gone.
    shutil.rmtree(folder / "cni", ignore_errors=True)
    for path, own in KEPT.items():
        Path(path).mkdir(parents=True, exist_ok=True)
        (folder / own).mkdir(parents=True, exist_ok=True)
        inside.run("mount", "--bind", str(folder / own), path)
    _hide_sysctls(inside, folder / "sysctl")


def unfurnish() -> None:
    """Remove the empty mount points that `furnish` may have made on the host.

    Not while any node lives, also one that another cache folder knows: on the host its mount points
    look empty, and to remove one unmounts what is mounted there in every other mount namespace.
    """
    if any(entry.name.isdigit() and _is_holder(entry) for entry in Path("/proc").iterdir()):
        return
    for path in ("/run/containerd", "/run/netns", "/var/lib/kubelet", "/var/lib/cni"):
        try:
            os.rmdir(path)  # noqa: PTH106 - refuses a folder that anybody uses, which is the point
        except OSError:
            continue


def _hide_sysctls(inside: Namespace, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, value in HIDDEN_SYSCTLS.items():
        if Path("/proc/sys", name).exists():
            fake = folder / name.replace("/", ".")
            fake.write_text(f"{value}\n", encoding="utf-8")
            inside.run("mount", "--bind", str(fake), f"/proc/sys/{name}")


def is_possible() -> bool:
    """Tell whether this machine lets us make such namespaces at all."""
    probe = ["unshare", "--mount", "--pid", "--net", "--fork", "--mount-proc", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0

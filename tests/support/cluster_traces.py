"""What a cluster could leave behind on the machine, to be compared before and after."""

import os
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path

from dev.cluster.layout import Layout


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Everything on the machine that carries this cluster's mark."""

    processes: frozenset[str]
    interfaces: frozenset[str]
    routes: frozenset[str]
    firewall: frozenset[str]
    mounts: frozenset[str]
    cgroups: frozenset[str]
    loopback: frozenset[str]
    namespaces: frozenset[str]
    folders: frozenset[str]

    def beyond(self, other: "Traces") -> list[str]:
        """Return what is here and not there, readable."""
        return [
            f"{field.name}: {line}"
            for field in fields(self)
            for line in sorted(getattr(self, field.name) - getattr(other, field.name))
        ]


def of(layout: Layout) -> Traces:
    """Look at the machine."""
    addresses = (f".{layout.index}.0/", f"{layout.interface} ", f".{layout.index}.1 ")
    return Traces(
        processes=frozenset(_processes(layout)),
        interfaces=frozenset(path.name for path in Path("/sys/class/net").glob("plyt*")),
        routes=_lines(["ip", "route"], *addresses),
        firewall=_lines(["iptables-save"], layout.mark, layout.interface, "KUBE-", "CNI-"),
        mounts=_lines(["cat", "/proc/self/mounts"], str(layout.folder), "/run/netns", "containerd"),
        cgroups=frozenset(str(path) for path in Path("/sys/fs/cgroup").glob(f"*/{layout.cgroup}"))
        | frozenset(str(path) for path in Path("/sys/fs/cgroup").glob(layout.cgroup)),
        loopback=_lines(["ip", "-brief", "address", "show", "dev", "lo"], "lo"),
        namespaces=_lines(["ip", "netns", "list"], ""),
        folders=frozenset(filter(os.path.exists, [str(layout.folder)])),
    )


def _lines(command: list[str], *wanted: str) -> frozenset[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = (line.strip() for line in done.stdout.splitlines() if not line.startswith(("#", ":")))
    return frozenset(line for line in lines if line and any(each in line for each in wanted))


def process_ids(layout: Layout) -> set[int]:
    """Return every process of the cluster: by its files on the command line, or by its cgroup."""
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            text = (entry / "cmdline").read_text(errors="replace")
            text += (entry / "cgroup").read_text(errors="replace")
        except OSError:
            continue
        if str(layout.folder) in text or f"/{layout.cgroup}/" in text:
            found.add(int(entry.name))
    return found


def _processes(layout: Layout) -> list[str]:
    return [f"{pid}" for pid in process_ids(layout)]

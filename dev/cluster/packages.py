"""What the local node needs from the operating system, and the command that installs what is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.errors import ClusterError
from dev.cluster.node import commands, namespace
from dev.cluster.node.configs import CNI_FOLDERS
from dev.cluster.progress import Progress, timed

PACKAGES = {
    # program: Debian package
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "bridge": "containernetworking-plugins",
    "portmap": "containernetworking-plugins",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ethtool": "ethtool",
    "socat": "socat",
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
}
# What the integration tests need besides: a browser that looks at the pages.
TEST_PACKAGES = PACKAGES | {"chromium": "chromium"}


@dataclass(frozen=True)
class Plan:
    """What to do about missing packages."""

    packages: tuple[str, ...]
    may_install: bool
    """Root on Debian or Ubuntu: installed for the person, after saying so."""

    @property
    def command(self) -> tuple[str, ...]:
        """Return the command that installs them."""
        return ("apt-get", "install", "--yes", "--no-install-recommends", *self.packages)


def plan(missing: Iterable[str], *, os_release: str, is_root: bool) -> Plan:
    """Return the packages that carry the missing programs, and whether we may install them."""
    wanted = tuple(sorted({TEST_PACKAGES[program] for program in missing}))
    return Plan(wanted, may_install=is_root and is_debian(os_release))


def is_debian(os_release: str) -> bool:
    """Tell whether /etc/os-release describes Debian or something made from it."""
    lines = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    family = f"{lines.get('ID', '')} {lines.get('ID_LIKE', '')}".replace('"', "").split()
    return "debian" in family or "ubuntu" in family


def missing_programs(find: Callable[[str], bool], wanted: Iterable[str] = PACKAGES) -> list[str]:
    """Return the programs that are not there."""
    return [program for program in wanted if not find(program)]


def is_installed(program: str) -> bool:
    """Tell whether a program is on the path or among the network plugins."""
    if any((folder / program).exists() for folder in CNI_FOLDERS):
        return True
    return shutil.which(program, path=commands.environment()["PATH"]) is not None


def check_machine() -> None:
    """Raise unless this machine can carry a node at all."""
    if sys.platform != "linux":
        raise ClusterError(
            f"The local cluster needs Linux, this is {sys.platform}.",
            cure="Install Docker and use CLUSTER=kind, or name a cluster you have: CLUSTER=current.",
        )
    if os.geteuid() != 0:
        raise ClusterError(
            "The local cluster needs root: it makes network and mount namespaces.",
            cure="Run the same command as root (sudo), or install Docker and use CLUSTER=kind.",
        )


def ensure(progress: Progress, programs: Iterable[str] = PACKAGES) -> None:
    """Install what is missing, or name the command that does."""
    check_machine()
    os_release = Path("/etc/os-release")
    text = os_release.read_text(encoding="utf-8") if os_release.exists() else ""
    missing = missing_programs(is_installed, programs)
    wanted = plan(missing, os_release=text, is_root=os.geteuid() == 0)
    if wanted.packages:
        _install(wanted, progress)
    if not namespace.is_possible():
        raise ClusterError(
            "This machine does not let root make mount, process and network namespaces.",
            cure="A container needs --privileged for this; else use CLUSTER=kind or CLUSTER=current.",
        )


def _install(wanted: Plan, progress: Progress) -> None:
    command = " ".join(wanted.command)
    if not wanted.may_install:
        raise ClusterError(
            f"These packages are missing: {', '.join(wanted.packages)}",
            cure=f"Debian and Ubuntu: {command}   (elsewhere: the packages of the same purpose)",
        )
    progress(f"installing missing packages: {command}")
    environment = {**commands.environment(), "DEBIAN_FRONTEND": "noninteractive"}
    with timed(progress, f"installed {len(wanted.packages)} packages"):
        for step in (("apt-get", "update", "-q"), wanted.command):
            done = subprocess.run(
                step, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise ClusterError(
                    f"`{' '.join(step)}` failed: {done.stderr.strip()[-1000:]}",
                    cure="Repair the package manager's configuration, or install them by hand.",
                )

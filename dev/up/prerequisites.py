"""What must be on the machine before anything is changed."""

import os
import shutil
from collections.abc import Sequence

from dev.images import process
from dev.up.errors import StepError


def require(packages: Sequence[str], runner: process.Runner) -> None:
    """Install Debian packages as root, or say how somebody else has to."""
    if not packages:
        return
    if not can_install():
        raise StepError(f"missing: {', '.join(packages)}. Install with: {command(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    runner.run("apt-get update", ["apt-get", "update", "-qq"], env=environment)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    runner.run(f"apt-get install {' '.join(packages)}", install, env=environment)


def can_install() -> bool:
    """Whether this user may install packages here."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def command(packages: Sequence[str]) -> str:
    """The command a person would type."""
    start = "" if os.geteuid() == 0 else "sudo "
    if shutil.which("apt-get"):
        return f"{start}apt-get install -y {' '.join(packages)}"
    return f"your package manager: {' '.join(packages)}"

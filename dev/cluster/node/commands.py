"""Run the system's own tools, with errors that show what was run and what it said."""

import os
import subprocess
from collections.abc import Sequence

from dev.cluster.errors import ClusterError

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment() -> dict[str, str]:
    """Return the environment with the administrator's programs on the path."""
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"}


def run(command: Sequence[str], *, stdin: str | None = None) -> str:
    """Run a command and return what it printed."""
    done = subprocess.run(
        command, input=stdin, text=True, capture_output=True, check=False, env=environment()
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise ClusterError(f"`{' '.join(command)}` failed with {done.returncode}: {said}")
    return done.stdout


def succeeds(command: Sequence[str]) -> bool:
    """Run a command that is allowed to fail."""
    done = subprocess.run(command, capture_output=True, check=False, env=environment())
    return done.returncode == 0

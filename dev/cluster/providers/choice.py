"""Choose the source of the cluster: kind where a Docker engine answers, else this machine's own node."""

import subprocess
from collections.abc import Callable

from dev.cluster.errors import ClusterError
from dev.cluster.layout import DEFAULT_NAME
from dev.cluster.providers import current, kind, local
from dev.cluster.providers.base import Provider

KINDS: dict[str, Callable[[str], Provider]] = {
    "local": local.Local,
    "kind": kind.Kind,
    "current": current.Current,
}
PATIENCE = 10.0  # seconds for the Docker engine to answer


def choose(wanted: str = "auto", *, name: str = DEFAULT_NAME) -> Provider:
    """Return the provider that was asked for; `auto` looks at the machine and never picks `current`."""
    if wanted == "auto":
        wanted = "kind" if docker_answers() else "local"
    if wanted not in KINDS:
        raise ClusterError(
            f"There is no kind of cluster called {wanted!r}.",
            cure=f"CLUSTER is one of: auto, {', '.join(KINDS)}",
        )
    return KINDS[wanted](name)


def docker_answers() -> bool:
    """Tell whether a Docker engine can be reached."""
    try:
        done = subprocess.run(
            ["docker", "info", "--format", "{{.ServerVersion}}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() != ""

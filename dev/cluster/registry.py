"""Which clusters this machine has: a folder each, and a number from which all addresses follow."""

import re
from pathlib import Path

from dev.cluster import folders, locks
from dev.cluster.errors import ClusterError
from dev.cluster.layout import Layout, free_index
from dev.cluster.node import network
from dev.cluster.progress import Progress

NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")


def layout(name: str, base: Path | None = None) -> Layout:
    """Return a cluster's layout: the number it had before, or the one that it would get now.

    The base is the folder with all clusters of one kind; by default those of the local kind.
    """
    check_name(name)
    base = base or folders.clusters_folder()
    index = free_index(name, taken(base), network.foreign_indexes(folders.clusters_folder()))
    return Layout(name=name, index=index, folder=base / name)


def claim(name: str, progress: Progress, base: Path | None = None) -> Layout:
    """Return a cluster's layout and keep its number for it, before it starts."""
    base = base or folders.clusters_folder()
    with locks.held(base / ".lock", progress=progress, waiting_for="another cluster that starts"):
        claimed = layout(name, base)
        claimed.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _index_file(claimed.folder).write_text(f"{claimed.index}\n", encoding="ascii")
    return claimed


def taken(base: Path | None = None) -> dict[str, int]:
    """Return the numbers of all clusters, by name."""
    files = (base or folders.clusters_folder()).glob("*/index")
    return {path.parent.name: int(path.read_text(encoding="ascii")) for path in files}


def check_name(name: str) -> None:
    """Raise unless the name fits into every name that is made from it."""
    if NAME.fullmatch(name) is None:
        raise ClusterError(
            f"{name!r} cannot be a cluster's name.",
            cure="Use at most 20 lower-case letters, digits and dashes, a letter first.",
        )


def _index_file(folder: Path) -> Path:
    return folder / "index"

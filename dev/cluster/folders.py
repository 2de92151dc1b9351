"""Where things live on this machine: everything is under one user cache folder, nothing in the repository."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder of this project in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "polyant-dev"


def binaries_folder() -> Path:
    """Return the folder that holds the built tools, each under a name that carries its inputs' hash."""
    return cache_folder() / "bin"


def clusters_folder() -> Path:
    """Return the folder with one subfolder per local cluster."""
    return cache_folder() / "clusters"


def kind_folder() -> Path:
    """Return the folder with one subfolder per cluster that kind made."""
    return cache_folder() / "kind"


def current_folder() -> Path:
    """Return the folder with the copied kubeconfigs of clusters that were there already."""
    return cache_folder() / "current"

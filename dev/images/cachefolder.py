"""Where things that are slow to make are kept between checkouts: the user's cache folder."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The images' part of the user cache, made on first use."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(root) / "polyant-dev" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

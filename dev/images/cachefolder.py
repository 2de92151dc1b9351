"""Where the images' slow ingredients are kept: a part of the project's folder in the user cache."""

from pathlib import Path

from dev.cluster import folders


def cache_folder() -> Path:
    """The images' part of the user cache, made on first use."""
    folder = folders.cache_folder() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

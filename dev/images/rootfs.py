"""The file system of the base image, which no Dockerfile can make."""

import shutil
from pathlib import Path

from dev.images import cachefolder, process, recipe


def base_context(key: str, runner: process.Runner) -> Path:
    """A folder with `base.tar`, made by mmdebstrap or found in the cache."""
    folder = cachefolder.cache_folder() / f"base-{key}"
    tar = folder / "base.tar"
    if not tar.exists():
        folder.mkdir(exist_ok=True)
        unfinished = folder / "unfinished.tar"
        runner.run("file system of the base image", _mmdebstrap(unfinished))
        unfinished.rename(tar)
    return folder


def _mmdebstrap(target: Path) -> list[str]:
    excluded = [f"--dpkgopt=path-exclude={pattern}" for pattern in recipe.EXCLUDED]
    # mmdebstrap copies the host's resolver and name into the result; they are nobody's business.
    clean = '--customize-hook=rm -rf "$1/etc/resolv.conf" "$1/etc/hostname" "$1/var/cache/debconf"'
    start = [
        "mmdebstrap",
        "--variant=minbase",
        f"--include={','.join(recipe.PACKAGES)}",
        "--format=tar",
    ]
    return [*start, *excluded, clean, recipe.SUITE, str(target)]


def sweep(key: str) -> None:
    """Forget the file systems of older recipes."""
    for folder in cachefolder.cache_folder().glob("base-*"):
        if folder.name != f"base-{key}":
            shutil.rmtree(folder)

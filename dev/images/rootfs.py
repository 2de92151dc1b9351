"""The file systems of the two images that no Dockerfile can make: base and pause."""

import shutil
from pathlib import Path

from dev.cluster import tools
from dev.images import cachefolder, process

# Documentation and translations are half of a minimal Debian, and no container reads them.
EXCLUDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")
PACKAGES = ("python3-minimal", "python3-venv", "ca-certificates")
SUITE = "bookworm"


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
    excluded = [f"--dpkgopt=path-exclude={pattern}" for pattern in EXCLUDED]
    # mmdebstrap copies the host's resolver and name into the result; they are nobody's business.
    clean = '--customize-hook=rm -rf "$1/etc/resolv.conf" "$1/etc/hostname" "$1/var/cache/debconf"'
    start = ["mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", "--format=tar"]
    return [*start, *excluded, clean, SUITE, str(target)]


def pause_context(key: str, runner: process.Runner) -> Path:
    """A folder with the static binary `pause`, which the cluster's tools build."""
    folder = cachefolder.cache_folder() / f"pause-{key}"
    folder.mkdir(exist_ok=True)
    shutil.copy(tools.binary("pause", runner.progress), folder / "pause")
    return folder


def sweep(name: str, key: str) -> None:
    """Forget the cached contexts of older keys."""
    for folder in cachefolder.cache_folder().glob(f"{name}-*"):
        if folder.name != f"{name}-{key}":
            shutil.rmtree(folder)

"""Leave in a folder of packages only what a container runs, as bytecode that is never rechecked.

Runs in the builder stages: `slim.py operator|engine FOLDER`, once for what others wrote and once
for our own. What is removed is listed, each with its reason; a package that turns out to need it
fails the image's own smoke test (`python -m dev.images build` starts every command with `--help`).
Bytecode that is never checked against its source needs no write to a read-only root.
"""

import compileall
import py_compile
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

FOREIGN: dict[str, tuple[str, ...]] = {
    # The operator never imports the others, nor they it.
    "operator": ("polyant_engine", "polyant_web", "bin/polyant-engine", "bin/polyant-web"),
    "engine": ("polyant_operator", "bin/polyant-operator"),
}
UNUSED_PARTS: dict[str, tuple[str, ...]] = {
    "operator": ("kubernetes/aio",),  # a second copy of the client for asyncio, 60 MB compiled
    "engine": (),
}
# boto3 ships descriptions of all services of AWS, 25 MB; these are used, or needed to sign in.
USED_SERVICES = ("bedrock-runtime", "s3", "sso", "sso-oidc", "sts")
INSTALLERS: tuple[str, ...] = (
    "pip",
    "pip-*.dist-info",
    "setuptools",
    "setuptools-*.dist-info",
    "pkg_resources",
    "_distutils_hack",
    "distutils-precedence.pth",
)
UNUSED_FOLDERS = ("tests", "test", "__pycache__")  # packages that ship their own tests
UNUSED_FILES = ("*.pyi", "*.pyx", "*.pxd", "*.c", "*.h")  # for compilers and editors
KEPT = ("polyant_",)  # our own packages hold nothing to remove, but folders that look like it


def main(role: str, folder: Path) -> None:
    """Slim the folder and compile it."""
    before = _size(folder)
    for path in _named(folder, FOREIGN[role] + UNUSED_PARTS[role] + INSTALLERS):
        _remove(path)
    for service in folder.glob("botocore/data/*/"):
        if service.name not in USED_SERVICES:
            _remove(service)
    for package in sorted(folder.iterdir()):
        if package.is_dir() and not package.name.startswith(KEPT):
            _slim(package)
    compileall.compile_dir(
        str(folder), quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    print(f"{folder}: {before / 2**20:.1f} MiB -> {_size(folder) / 2**20:.1f} MiB with bytecode")
    sizes = ((_size(path), path.name) for path in folder.iterdir())
    for size, name in sorted(sizes, reverse=True)[:8]:
        print(f"  {size / 2**20:6.1f} MiB {name}")


def _slim(package: Path) -> None:
    for folder in UNUSED_FOLDERS:
        for path in list(package.rglob(folder)):
            _remove(path)
    for pattern in UNUSED_FILES:
        for path in list(package.rglob(pattern)):
            _remove(path)


def _named(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from folder.glob(pattern)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if file.is_file() and not file.is_symlink())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""Leave in a virtual environment only what a container runs, as bytecode that is never rechecked.

Runs inside the builder stage with the environment's own interpreter: `slim.py operator|engine DIR`.
What is removed is listed, each with its reason; a package that turns out to need it fails the
image's own smoke test (`python -m dev.images build` starts every command with `--help`).
"""

import compileall
import py_compile
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

FOREIGN: dict[str, tuple[str, ...]] = {
    "operator": ("polyant_engine", "polyant_web"),  # the operator never imports them
    "engine": ("polyant_operator",),
}
UNUSED_PARTS: dict[str, tuple[str, ...]] = {
    "operator": ("kubernetes/aio",),  # a second copy of the client for asyncio, 60 MB compiled
    "engine": (),
}
COMMANDS = {
    "operator": ("python", "polyant-operator"),
    "engine": ("python", "polyant-engine", "polyant-web"),
}
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
KEPT = ("polyant_",)  # our own packages hold nothing to remove, but templates that look like it


def main(role: str, environment: Path) -> None:
    """Slim the environment and compile it."""
    (site,) = environment.glob("lib/python3*/site-packages")
    before = _size(environment)
    for path in (
        *_named(site, FOREIGN[role] + UNUSED_PARTS[role] + INSTALLERS),
        *_scripts(environment, role),
    ):
        _remove(path)
    for package in sorted(site.iterdir()):
        if package.is_dir() and not package.name.startswith(KEPT):
            _slim(package)
    compileall.compile_dir(
        str(site), quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    print(f"{environment}: {before >> 20} MiB -> {_size(environment) >> 20} MiB with bytecode")
    for size, name in sorted(((_size(path), path.name) for path in site.iterdir()), reverse=True)[
        :8
    ]:
        print(f"  {size / 2**20:6.1f} MiB {name}")


def _slim(package: Path) -> None:
    for folder in UNUSED_FOLDERS:
        for path in list(package.rglob(folder)):
            _remove(path)
    for pattern in UNUSED_FILES:
        for path in list(package.rglob(pattern)):
            _remove(path)


def _named(site: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from site.glob(pattern)


def _scripts(environment: Path, role: str) -> Iterator[Path]:
    for path in sorted((environment / "bin").iterdir()):
        if not path.name.startswith(COMMANDS[role]):
            yield path


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

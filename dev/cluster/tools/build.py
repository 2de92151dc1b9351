"""Build a tool once: the binary's name carries a hash of everything that went into it."""

import hashlib
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dev.cluster import folders, locks
from dev.cluster.errors import ClusterError
from dev.cluster.progress import Progress, printed
from dev.cluster.tools import compiler
from dev.cluster.tools.catalog import TOOLS, VERSION_PACKAGE, Tool


def binary(name: str, progress: Progress = printed) -> Path:
    """Return the path of a tool's binary, building it when its inputs have changed."""
    (path,) = binaries([name], progress)
    return path


def location(name: str) -> Path:
    """Return where a tool's binary is once it is built; builds nothing."""
    return binary_path(TOOLS[name])


def binaries(names: Sequence[str], progress: Progress = printed) -> list[Path]:
    """Return the paths of several tools, building what is missing one after the other."""
    wanted = [TOOLS[name] for name in names]
    missing = [tool for tool in wanted if not binary_path(tool).exists()]
    if missing:
        lock = folders.binaries_folder() / ".lock"
        with locks.held(lock, progress=progress, waiting_for="another build of the tools"):
            # Another process may have built some of them while we waited.
            _build([tool for tool in missing if not binary_path(tool).exists()], progress)
    return [binary_path(tool) for tool in wanted]


def binary_path(tool: Tool) -> Path:
    """Return where the binary of these inputs lives, whether it exists or not."""
    sources = sorted(
        path for path in tool.folder.rglob("*.*") if path.suffix in {".go", ".mod", ".sum"}
    )
    inputs = [path.read_bytes() for path in sources]
    return folders.binaries_folder() / f"{tool.name}-{input_hash(tool, inputs)}"


def input_hash(tool: Tool, inputs: Sequence[bytes]) -> str:
    """Return a short hash of the sources, the package and the flags."""
    marks = (tool.package, tool.static, *((tool.tags,) if tool.tags else ()))
    digest = hashlib.sha256(repr(marks).encode())
    go_mod = next((text for text in inputs if re.search(rb"^module ", text, re.MULTILINE)), b"")
    for part in (*inputs, link_flags(tool, go_mod.decode()).encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:12]


def link_flags(tool: Tool, go_mod: str) -> str:
    """Return the linker's flags: no debug symbols, and the version the binary will report."""
    flags = ["-s", "-w"]
    version = required_version(go_mod, tool.pinned) if tool.pinned else ""
    if tool.stamp:
        flags += ["-X", f"{tool.stamp}={version}"]
    if tool.stamp.startswith(VERSION_PACKAGE):
        major, minor = version.removeprefix("v").split(".")[:2]
        flags += ["-X", f"{VERSION_PACKAGE}.gitMajor={major}"]
        flags += ["-X", f"{VERSION_PACKAGE}.gitMinor={minor}"]
    return " ".join(flags)


def required_version(go_mod: str, module: str) -> str:
    """Return the version that a go.mod requires of a module."""
    found = re.search(rf"^(?:require )?\s*{re.escape(module)} (v\S+)", go_mod, re.MULTILINE)
    if found is None:
        raise ClusterError(f"go.mod does not require {module}", cure=f"Add it: go get {module}@…")
    return found.group(1)


def jobs(tools: Sequence[Tool]) -> dict[compiler.Job, list[Tool]]:
    """Return the compiler's runs: tools of one module with the same flags share one."""
    alike: dict[tuple[str, str, bool, str], list[Tool]] = {}
    for tool in tools:
        flags = link_flags(tool, (tool.folder / "go.mod").read_text(encoding="utf-8"))
        alike.setdefault((tool.module, flags, tool.static, tool.tags), []).append(tool)
    return {
        compiler.Job(
            module=group[0].folder,
            packages=tuple(tool.package for tool in group),
            flags=flags,
            static=static,
            tags=tags,
            title=", ".join(tool.name for tool in group),
        ): group
        for (_, flags, static, tags), group in alike.items()
    }


def _build(tools: Sequence[Tool], progress: Progress) -> None:
    for job, group in jobs(tools).items():
        with tempfile.TemporaryDirectory(
            dir=folders.binaries_folder(), prefix=".build-"
        ) as scratch:
            compiler.compile_into(Path(scratch), job, progress)
            for tool in group:
                built = Path(scratch) / compiler.program_name(tool.package, tool.folder)
                built.replace(binary_path(tool))

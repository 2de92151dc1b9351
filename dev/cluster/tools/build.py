"""Build a tool once: the binary's name carries a hash of everything that went into it."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from dev.cluster import folders, locks
from dev.cluster.errors import ClusterError
from dev.cluster.progress import Progress, printed
from dev.cluster.tools.catalog import TOOLS, VERSION_PACKAGE, Tool

REPORT_EVERY = 10.0  # seconds between two signs of life while the compiler works


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
            for tool in missing:
                _build(tool, progress)
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
    digest = hashlib.sha256(repr((tool.package, tool.static)).encode())
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


def go_program() -> str:
    """Return the Go command, or say how to get it."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if go is None:
        raise ClusterError(
            "Go is not installed: the cluster's programs are built from source with it.",
            cure="Install Go 1.24 or newer (https://go.dev/dl/) and put it on the PATH.",
        )
    return go


def _build(tool: Tool, progress: Progress) -> None:
    target = binary_path(tool)
    if target.exists():  # another process built it while we waited for the lock
        return
    flags = link_flags(tool, (tool.folder / "go.mod").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as scratch:
        built = Path(scratch) / tool.name
        command = [go_program(), "build", "-trimpath", f"-ldflags={flags}", "-o", str(built)]
        _run([*command, tool.package], tool, progress)
        built.replace(target)


def _run(command: Sequence[str], tool: Tool, progress: Progress) -> None:
    began = time.monotonic()
    environment = dict(os.environ, **({"CGO_ENABLED": "0"} if tool.static else {}))
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        compiler = subprocess.Popen(
            command, cwd=tool.folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _watch(compiler, tool.name, began, progress)
        finally:
            if compiler.poll() is None:
                compiler.terminate()
                compiler.wait()
        log.seek(0)
        output = log.read()
    if compiler.returncode:
        raise ClusterError(
            f"Building {tool.name} failed:\n{output[-2000:]}",
            cure="Check the network to the Go module proxy and the free disk space, then try again.",
        )
    progress(f"built {tool.name} ({time.monotonic() - began:.0f} s)")


def _watch(compiler: subprocess.Popen[bytes], name: str, began: float, progress: Progress) -> None:
    while True:
        try:
            compiler.wait(timeout=REPORT_EVERY)
        except subprocess.TimeoutExpired:
            progress(f"building {name} … {time.monotonic() - began:.0f} s")
        else:
            return

"""Run the Go compiler: several programs of a module at once, with a sign of life while it works."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.errors import ClusterError
from dev.cluster.progress import Progress

OLDEST_GO = (1, 21)  # the first that fetches by itself the version that a go.mod names
GO_CURE = "Install Go 1.26 or newer (https://go.dev/dl/) and put it on the PATH."
REPORT_EVERY = 10.0  # seconds between two signs of life


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run of the compiler."""

    module: Path
    """The folder with the go.mod."""
    packages: tuple[str, ...]
    flags: str
    """Flags of the linker."""
    static: bool
    tags: str
    title: str
    """What a person reads meanwhile."""


def go_program() -> str:
    """Return the Go command, or say how to get it."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if go is None:
        raise ClusterError(
            "Go is not installed: the cluster's programs are built from source with it.",
            cure=GO_CURE,
        )
    return go


def check_version(text: str) -> None:
    """Raise for a Go that cannot fetch the newer Go which the modules ask for."""
    found = re.search(r"go(\d+)\.(\d+)", text)
    if found is None or tuple(map(int, found.groups())) < OLDEST_GO:
        raise ClusterError(f"This Go is too old: {text.strip()}", cure=GO_CURE)


def program_name(package: str, module: Path) -> str:
    """Return the name that Go gives a package's program: its last part that is no version."""
    parts = [part for part in package.split("/") if part != "." and not re.fullmatch(r"v\d+", part)]
    return parts[-1] if parts else module.name


def compile_into(folder: Path, job: Job, progress: Progress) -> None:
    """Compile a job's programs into a folder."""
    began = time.monotonic()
    check_version(subprocess.check_output([go_program(), "version"], text=True))
    command = [go_program(), "build", "-trimpath", f"-ldflags={job.flags}", "-o", f"{folder}/"]
    if job.tags:
        command.append(f"-tags={job.tags}")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        code = _run([*command, *job.packages], job, log.fileno(), progress)
        log.seek(0)
        output = log.read()
    if code:
        raise ClusterError(
            f"Building {job.title} failed:\n{output[-2000:]}",
            cure="Check the network to the Go module proxy and the free disk space, then try again.",
        )
    progress(f"built {job.title} ({time.monotonic() - began:.0f} s)")


def _run(command: Sequence[str], job: Job, log: int, progress: Progress) -> int:
    environment = dict(os.environ, **({"CGO_ENABLED": "0"} if job.static else {}))
    with subprocess.Popen(
        command, cwd=job.module, env=environment, stdout=log, stderr=subprocess.STDOUT
    ) as compiler:
        try:
            return _watch(compiler, job.title, progress)
        except BaseException:
            compiler.terminate()
            raise


def _watch(compiler: subprocess.Popen[bytes], title: str, progress: Progress) -> int:
    began = time.monotonic()
    while True:
        try:
            return compiler.wait(timeout=REPORT_EVERY)
        except subprocess.TimeoutExpired:
            progress(f"building {title} … {time.monotonic() - began:.0f} s")

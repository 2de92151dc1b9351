"""The panel as a process of its own, configured by its environment, on real ports."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.panel import ENVIRON

START_SECONDS = 30
STOP_SECONDS = 90


@dataclass(frozen=True)
class Process:
    """One running panel."""

    popen: subprocess.Popen[bytes]
    port: int
    metrics_port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def probe(self, path: str) -> tuple[int, str]:
        """Ask the metrics port; return status and text."""
        return fetch(f"http://localhost:{self.metrics_port}{path}")


@contextmanager
def started(engine_url: str, log: Path, **environ: str) -> Iterator[Process]:
    """Start a panel process; it is stopped at the end of the block."""
    ports = {"PORT": str(free_port()), "METRICS_PORT": str(free_port())}
    settings = {**ENVIRON, "INTERNAL_ENGINE_URL": engine_url, **ports, **environ}
    command = [sys.executable, "-m", "polyant_web", "serve"]
    with log.open("wb") as output:
        popen = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=output, stderr=output
        )
    process = Process(popen, int(settings["PORT"]), int(settings["METRICS_PORT"]), log)
    try:
        _wait(process)
        yield process
    finally:
        popen.terminate()
        popen.wait(timeout=STOP_SECONDS)


def fetch(url: str) -> tuple[int, str]:
    """Return status and text of an address, also when the status is an error."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own process
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _wait(process: Process) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.popen.poll() is None:
        try:
            fetch(f"{process.url}/health")
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the panel did not start:\n{process.log.read_text()}")

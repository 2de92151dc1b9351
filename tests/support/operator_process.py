"""The operator as a process of its own, against a real API server."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.cluster import controlplane


@dataclass
class OperatorProcess:
    """One replica."""

    process: subprocess.Popen[str]
    port: int
    log: Path
    started: float = field(default_factory=time.monotonic)

    def get(self, path: str) -> tuple[int, str]:
        """Ask the probe or metrics port; status 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, line: str) -> float | None:
        """The value of a metric, by its name and labels."""
        for each in self.get("/metrics")[1].splitlines():
            name, _, value = each.rpartition(" ")
            if name == line:
                return float(value)
        return None

    def lines(self) -> list[dict[str, Any]]:
        """What was logged; every line has to be JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.strip()]

    def stop(self, *, by: signal.Signals = signal.SIGTERM) -> int:
        """End the process and give its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        return self.process.wait(timeout=20)


@contextmanager
def running(
    kubeconfig: Path,
    folder: Path,
    name: str,
    environ: Mapping[str, str] | None = None,
    *,
    before: str = "",
) -> Iterator[OperatorProcess]:
    """Run a replica until the block ends; `before` is Python that is run in it first."""
    port = controlplane.free_ports().api
    log = folder / f"{name}.log"
    variables = {
        "PATH": os.environ["PATH"],
        "KUBECONFIG": str(kubeconfig),
        "POD_NAME": name,
        "METRICS_PORT": str(port),
        "PYTHONDONTWRITEBYTECODE": "1",
    } | dict(environ or {})
    start = "import runpy; runpy.run_module('polyant_operator', run_name='__main__')"
    command = [sys.executable, "-c", f"{before}\n{start}", "run"]
    with log.open("w") as output:
        process = subprocess.Popen(command, env=variables, stderr=output, text=True)
    replica = OperatorProcess(process, port, log)
    try:
        yield replica
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def eventually(
    fact: Callable[[], object], what: str, *, seconds: float = 30, every: float = 0.1
) -> None:
    """Wait until a fact holds."""
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(every)

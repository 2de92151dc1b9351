"""One operator process under measurement: started as in a pod, looked at through /proc."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.operator.cluster import HOME, Cluster
from dev.cluster import controlplane

_TICKS = os.sysconf("SC_CLK_TCK")
_STOP_SECONDS = 30


@dataclass
class Measured:
    """A running process."""

    process: subprocess.Popen[bytes]
    log: Path
    started: float = field(default_factory=time.time)

    def rss_mb(self) -> float:
        """Give the resident memory now."""
        return self._memory("VmRSS")

    def peak_mb(self) -> float:
        """Give the largest resident memory so far."""
        return self._memory("VmHWM")

    def cpu_seconds(self) -> float:
        """Give the processor time of all its threads so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def _memory(self, name: str) -> float:
        self.check()
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{name}:\s+(\d+) kB", text)
        return int(found[1]) / 1024 if found else 0.0

    def check(self) -> None:
        """Raise when the process has ended."""
        if self.process.poll() is not None:
            raise RuntimeError(f"the operator ended:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> float:
        """Ask it to stop; give the seconds that took."""
        asked = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:  # told by the seconds
            self.process.kill()
            self.process.wait()
        return time.monotonic() - asked


@contextmanager
def ours(cluster: Cluster, variables: Mapping[str, str] | None = None) -> Iterator[Measured]:
    """Run our operator until the block ends."""
    with _running(cluster, "ours", "bench.operator.pod", variables or {}) as process:
        yield process


@contextmanager
def naive(cluster: Cluster) -> Iterator[Measured]:
    """Run the naive peer until the block ends."""
    with _running(cluster, "naive", "bench.operator.naive", {}) as process:
        yield process


@contextmanager
def _running(
    cluster: Cluster, user: str, module: str, variables: Mapping[str, str]
) -> Iterator[Measured]:
    log = cluster.folder / f"{user}.log"
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "BENCH_SERVER": cluster.access.server,
        "BENCH_CA": str(cluster.access.ca_file),
        "BENCH_TOKEN": str(cluster.token_file(user)),
        "POD_NAMESPACE": HOME,
        "METRICS_PORT": str(controlplane.free_ports().api),
        "MALLOC_ARENA_MAX": "2",  # as the chart sets it
        "LOG_LEVEL": "warning",
        # A starved machine must not cost the operator its Lease.
        "LEASE_SECONDS": "60",
        "LEASE_RENEW_SECONDS": "50",
        "PYTHONPYCACHEPREFIX": str(cluster.folder / "bytecode"),  # compiled once, as in the image
    } | dict(variables)
    with log.open("wb") as output:
        command = [sys.executable, "-m", module]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        yield Measured(process, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()

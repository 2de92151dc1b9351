"""What the kubelet does for the operator's container, as a thread: a process that ended is started anew.

It waits as the kubelet does, ten seconds at first and twice as long each time, unless told otherwise.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import operator_process
from support.operator_process import OperatorProcess

LONGEST_PAUSE = 300.0


@dataclass
class Kubelet:
    """Keeps one replica of the operator running."""

    start: Callable[[str], Any]
    pause: float
    # Exit codes of the processes that ended by themselves.
    ends: list[int] = field(default_factory=list)
    replica: OperatorProcess | None = None
    logs: list[Path] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Start it again and again."""
        pause = self.pause
        while not self._stop.is_set():
            with self.start(f"run-{len(self.logs)}") as self.replica:
                self.logs.append(self.replica.log)
                while self.replica.process.poll() is None and not self._stop.wait(0.1):
                    pass
                code = self.replica.process.poll()
            if code is not None:
                self.ends.append(code)
                self._stop.wait(pause)
                pause = min(LONGEST_PAUSE, pause * 2)

    def stop(self) -> None:
        """End what runs, and start nothing any more."""
        self._stop.set()

    def leads(self) -> bool:
        """Whether the replica that runs now leads."""
        return self.replica is not None and self.replica.metric("polyant_operator_leader") == 1


@contextmanager
def keeping(
    kubeconfig: Path, folder: Path, environ: Mapping[str, str], *, pause: float = 10.0
) -> Iterator[Kubelet]:
    """Keep the operator running until the block ends."""

    def start(name: str) -> Any:
        return operator_process.running(kubeconfig, folder, name, environ)

    kubelet = Kubelet(start, pause)
    thread = threading.Thread(target=kubelet.run, name="kubelet", daemon=True)
    thread.start()
    try:
        yield kubelet
    finally:
        kubelet.stop()
        thread.join(30)

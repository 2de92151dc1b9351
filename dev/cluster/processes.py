"""Start, watch and stop the programs of a cluster: components are data, one loop starts them."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dev.cluster.errors import ClusterError
from dev.cluster.probes import Probe

POLL_EVERY = 0.05  # seconds between two looks at a starting or stopping process


@dataclass(frozen=True, kw_only=True)
class Component:
    """One program of the cluster."""

    name: str
    argv: tuple[str, ...]
    ready: Probe | None = None
    """What must answer before the component counts as started; None: do not wait."""
    within: float = 60.0
    """Seconds it may take to become ready on a busy machine."""
    environment: dict[str, str] = field(default_factory=dict)


Place = Callable[[Component], Sequence[str]]
"""Returns the words before a component's command that choose where it runs."""


def outside(_component: Component) -> Sequence[str]:
    """Run a component in no special place."""
    return ()


class Processes:
    """The running programs of one cluster, known by files so that another command finds them again."""

    def __init__(self, folder: Path, *, die_with_parent: bool = False) -> None:
        self._logs = folder / "logs"
        self._records = folder / "processes"
        self._prefix = _death_pact() if die_with_parent else ()
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def log(self, name: str) -> Path:
        """Return the log file of a component."""
        return self._logs / f"{name}.log"

    def start(self, components: Iterable[Component], place: Place = outside) -> None:
        """Start what is not running, all at once, and return when all are ready."""
        wanted = tuple(components)
        for path in (self._logs, self._records):
            path.mkdir(parents=True, exist_ok=True)
        for component in wanted:
            if not self.is_alive(component.name):
                self._spawn(component, place)
        for component in wanted:
            self._await_ready(component)

    def is_alive(self, name: str) -> bool:
        """Tell whether the process that we started under this name still runs."""
        child = self._children.get(name)
        if child is not None:
            return child.poll() is None
        return self.process_id(name) is not None

    def process_id(self, name: str) -> int | None:
        """Return the process id of a running component; a recycled id does not count."""
        try:
            record = json.loads(self._record(name).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        alive = started_at(record["pid"])
        return int(record["pid"]) if alive and alive == record["started"] else None

    def running(self) -> list[str]:
        """Return the names of the components that run."""
        names = sorted(path.stem for path in self._records.glob("*.json"))
        return [name for name in names if self.is_alive(name)]

    def stop(self, names: Sequence[str], *, gently: bool = True, patience: float = 15.0) -> None:
        """Ask the components to end, wait until they are gone, and kill what does not listen.

        Not gently means killed at once: for what keeps nothing that is worth a farewell.
        """
        pids = {name: pid for name in names if (pid := self.process_id(name)) is not None}
        for sent in (signal.SIGTERM, signal.SIGKILL) if gently else (signal.SIGKILL,):
            for name, pid in pids.items():
                if self.is_alive(name):
                    _send(pid, sent)
            if self._await_gone(pids, patience):
                break
        else:
            raise ClusterError(f"These processes cannot be killed: {pids}")
        for name in names:
            self._record(name).unlink(missing_ok=True)
            if child := self._children.pop(name, None):
                child.wait()  # gone already; this only takes note of it

    def _await_gone(self, names: Iterable[str], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while any(self.is_alive(name) for name in names):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_EVERY)
        return True

    def _record(self, name: str) -> Path:
        return self._records / f"{name}.json"

    def _spawn(self, component: Component, place: Place) -> None:
        with self.log(component.name).open("ab") as log:
            child = subprocess.Popen(
                [*self._prefix, *place(component), *component.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **component.environment},
            )
        self._children[component.name] = child
        record = {"pid": child.pid, "started": started_at(child.pid)}
        self._record(component.name).write_text(json.dumps(record), encoding="utf-8")

    def _await_ready(self, component: Component) -> None:
        deadline = time.monotonic() + component.within
        while component.ready is not None and not component.ready.passed():
            if not self.is_alive(component.name):
                raise ClusterError(
                    f"{component.name} ended while starting:\n{self._last_words(component.name)}",
                    cure=f"The whole log: {self.log(component.name)}",
                )
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{component.name} was not ready after {component.within:.0f} s:\n"
                    f"{self._last_words(component.name)}",
                    cure=f"The whole log: {self.log(component.name)}",
                )
            time.sleep(POLL_EVERY)

    def _last_words(self, name: str) -> str:
        lines = self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-8:])


def started_at(pid: int) -> str:
    """Return when a process began, in kernel ticks since boot; empty for one that is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()  # the name before may hold any character
    return "" if state in {"Z", "X"} else fields[18]


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _death_pact() -> tuple[str, ...]:
    """Return a prefix that makes the kernel kill a program when whoever started it dies."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()

"""What a killed trial leaves running: found by pid and start time, and stopped.

A pid alone is not enough: the system gives it to another process sooner or later.
"""

import signal
from collections.abc import Iterable, Mapping
from typing import Any

import psutil

from dev.trial.state import State

GRACE = 10.0
SAME_START = 1.0  # seconds; the clock of process starts is coarse on some systems


def stop(state: State) -> list[str]:
    """Stop what the last run left behind, newest first, and say what it was."""
    notes = state.read_run().get("children", [])
    found = [_stop(name, process) for name, process in _alive(reversed(notes))]
    found += _stop_postmaster(state)
    state.run.unlink(missing_ok=True)
    return found


def _alive(notes: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, psutil.Process]]:
    for note in notes:
        try:
            process = psutil.Process(int(note["pid"]))
            same = abs(process.create_time() - float(note["created"])) < SAME_START
        except (psutil.NoSuchProcess, KeyError, ValueError, TypeError):
            continue
        if same:
            yield str(note.get("name", "process")), process


def _stop_postmaster(state: State) -> list[str]:
    """Stop a database that no note names, and drop a pid file that names somebody else.

    PostgreSQL refuses to start when the pid in its file is alive, whoever has it by now.
    """
    file = state.database / "postmaster.pid"
    try:
        process = psutil.Process(int(file.read_text().split()[0]))
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return []
    if _serves(process, state):
        return [_stop("database", process)]
    file.unlink(missing_ok=True)
    return []


def _serves(process: psutil.Process, state: State) -> bool:
    try:
        return str(state.database.resolve()) in process.cmdline()
    except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
        return False  # ours runs as our user, or as one that root may look at


def _stop(name: str, process: psutil.Process) -> str:
    try:
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for its clients.
        process.send_signal(signal.SIGINT if name == "database" else signal.SIGTERM)
        process.wait(GRACE)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(GRACE)
    except psutil.NoSuchProcess:
        pass
    return f"{name} (process {process.pid})"

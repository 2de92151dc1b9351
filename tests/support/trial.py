"""A trial as a process: started on free ports, looked at from outside, ended by signals."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
START_SECONDS = 120.0
STOP_SECONDS = 60.0
RUNNING = "Ctrl-C; data and keys stay"
# Not root any more, but able to pass through root's folders, where Python itself may be installed.
ORDINARY = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
)
ANY_PORT = ("--web-port=0", "--engine-port=0", "--model-port=0")


@dataclass
class RunningTrial:
    """One run of `python -m dev.trial`."""

    process: subprocess.Popen[str]
    folder: Path
    output: Path

    @property
    def text(self) -> str:
        return self.output.read_text()

    @property
    def note(self) -> dict[str, Any]:
        note: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return note

    @property
    def addresses(self) -> Mapping[str, str]:
        addresses: Mapping[str, str] = self.note["addresses"]
        return addresses

    @property
    def children(self) -> dict[str, psutil.Process]:
        return {child["name"]: psutil.Process(child["pid"]) for child in self.note["children"]}

    def wait_for(self, pattern: str) -> None:
        """Wait until the output holds a text."""
        deadline = time.monotonic() + START_SECONDS
        while not re.search(pattern, self.text):
            assert self.process.poll() is None, f"the trial ended:\n{self.text}"
            assert time.monotonic() < deadline, (
                f"no {pattern!r} after {START_SECONDS} s:\n{self.text}"
            )
            time.sleep(0.05)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def trial(
    folder: Path, *options: str, as_nobody: bool = False, output: str = "trial.out"
) -> Iterator[RunningTrial]:
    """Run a trial, and leave nothing of it behind whatever the test does."""
    command = [sys.executable, "-m", "dev.trial", f"--folder={folder}", *ANY_PORT, *options]
    text = folder.parent / output
    with text.open("w") as file:
        process = subprocess.Popen(
            [*(ORDINARY if as_nobody else ()), *command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
        )
    running = RunningTrial(process=process, folder=folder, output=text)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_SECONDS)
            _kill_leftovers(folder)


def left_behind(folder: Path) -> list[str]:
    """Give the command lines of processes that still use a state folder."""
    text, found = str(folder.resolve()), []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), *process.environ().values()]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(text in word for word in words):
            found.append(" ".join(process.cmdline()))
    return found


def _kill_leftovers(folder: Path) -> None:
    note = folder / "run.json"
    if note.exists():
        for child in json.loads(note.read_text())["children"]:
            if psutil.pid_exists(child["pid"]):
                os.kill(child["pid"], signal.SIGKILL)

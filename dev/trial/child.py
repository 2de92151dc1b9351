"""One child process: started in its own session, its output in a log file, stopped in order.

A session of its own keeps Ctrl-C in the terminal away from the child: the trial alone decides who
stops when. The output goes straight to the file, so that a killed trial takes no log line along.
"""

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

TAIL_LINES = 15


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to start and how to stop it."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 20.0  # seconds until it is killed


class Child:
    """A started program."""

    def __init__(self, program: Program, log: Path, process: asyncio.subprocess.Process) -> None:
        self.program = program
        self.log = log
        self._process = process

    @classmethod
    async def start(cls, program: Program, log: Path) -> "Child":
        """Start the program; the log of the run before stays beside as `.1`."""
        descriptor = _fresh(log)
        try:
            process = await asyncio.create_subprocess_exec(
                *program.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=dict(program.environment),
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        return cls(program, log, process)

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.returncode

    @property
    def note(self) -> dict[str, object]:
        """Name, pid and start, which together name this process and no other."""
        try:
            created = psutil.Process(self._process.pid).create_time()
        except psutil.NoSuchProcess:
            created = 0.0
        return {"name": self.program.name, "pid": self._process.pid, "created": created}

    async def wait(self) -> int:
        """Wait for its end."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        if self.exit_code is not None:
            return
        self._process.send_signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(self._process.wait(), self.program.grace)
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        """End it now."""
        if self.exit_code is None:
            self._process.kill()

    def tail(self) -> str:
        """Return the last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join(f"  {line}" for line in lines) or "  (the log is empty)"


def _fresh(log: Path) -> int:
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

"""Start a program whose output nobody wants to read unless it fails.

A build of two minutes that prints nothing looks hung, and one that prints everything hides what
matters. So the output goes to a log file, a heartbeat says that work goes on and for how long,
and on failure the last lines of the log are part of the error.
"""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

Progress = Callable[[str], None]

HEARTBEAT_SECONDS = 15.0
LAST_LINES = 25


class CommandError(Exception):
    """A program ended with an error; the message holds the end of what it printed."""


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs programs with their output in one log file."""

    log: Path
    progress: Progress

    def run(
        self,
        label: str,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Run to the end, with a heartbeat; raise `CommandError` with the last lines on error."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8") as sink:
            offset = sink.tell()
            code = self._wait(label, argv, cwd=cwd, env=env, sink=sink)
        if code != 0:
            raise CommandError(self._explain(label, argv, code, offset))

    def _wait(
        self,
        label: str,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None,
        env: Mapping[str, str] | None,
        sink: IO[str],
    ) -> int:
        started = time.monotonic()
        process = subprocess.Popen(
            [str(word) for word in argv], cwd=cwd, env=env, stdout=sink, stderr=subprocess.STDOUT
        )
        try:
            while True:
                try:
                    return process.wait(HEARTBEAT_SECONDS)
                except subprocess.TimeoutExpired:
                    self.progress(f"{label}: still working, {time.monotonic() - started:.0f} s")
        except BaseException:
            process.terminate()
            process.wait()
            raise

    def _explain(self, label: str, argv: Sequence[str | Path], code: int, offset: int) -> str:
        with self.log.open(encoding="utf-8", errors="replace") as source:
            source.seek(offset)
            tail = source.read().splitlines()[-LAST_LINES:]
        lines = "\n".join(f"    {line}" for line in tail)
        return (
            f"{label} failed: `{' '.join(map(str, argv[:3]))} ...` ended with code {code}.\n"
            f"{lines}\n  The whole output is in {self.log}"
        )


def output(argv: Sequence[str | Path]) -> str | None:
    """What a quick question to a program prints, or None when it fails or does not exist."""
    try:
        done = subprocess.run([str(word) for word in argv], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.decode()

"""What the person at the terminal sees: every line with the time since the start."""

import sys
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Terminal:
    """Prints lines; the clock starts when it is made."""

    started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def say(self, line: str) -> None:
        """Print one line of progress."""
        minutes, seconds = divmod(int(self.elapsed), 60)
        print(f"[{minutes:2d}:{seconds:02d}]   {line}", flush=True)

    def title(self, number: int, of: int, name: str) -> None:
        """Print the name of a step."""
        minutes, seconds = divmod(int(self.elapsed), 60)
        print(f"[{minutes:2d}:{seconds:02d}] {number}/{of} {name}", flush=True)

    def text(self, text: str) -> None:
        """Print a block without a clock."""
        print(text, flush=True)

    def problem(self, text: str) -> None:
        """Print what went wrong."""
        print(f"\n{text}", file=sys.stderr, flush=True)

"""Progress lines: a long step says every few seconds that it is still alive."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str], None]
"""Takes one finished line of text; the caller decides where it goes."""


def printed(line: str) -> None:
    """Print a line at once, even into a pipe."""
    print(line, flush=True)


@contextmanager
def timed(progress: Progress, what: str) -> Iterator[None]:
    """Report a step with the time it took once it is done."""
    began = time.monotonic()
    yield
    progress(f"{what} ({time.monotonic() - began:.1f} s)")

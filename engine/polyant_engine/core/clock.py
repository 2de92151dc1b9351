"""The one reader of the clock.

Services take a `Clock`, so tests decide what time it is. Nothing that must be safe across
replicas may rest on it: such decisions use the database's clock or a fencing number.
"""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the wall-clock time in UTC, with its zone."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the wall-clock time in UTC, with its zone."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()


def boottime() -> float:
    """Return seconds that go on while this machine sleeps, where its system has such a clock.

    For rights that end by themselves: a process that was suspended with its machine must know.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def unix_nanoseconds() -> int:
    """Return nanoseconds since 1970, for identifiers only."""
    return time.time_ns()

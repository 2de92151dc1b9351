"""The watch canary: the age of the last event that really came through a watch.

While this replica leads it renews its Lease every few seconds, and a watch on that Lease must bring
each renewal back. When none comes for two minutes the watches are dead, whatever the rest of the
process says, and the kubelet is told to start it anew.
"""

from collections.abc import Callable
from typing import Final

from polyant_operator.observability import metrics

OLDEST_SECONDS: Final = 120.0


class Canary:
    """Remembers when the last event came."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._since: float | None = None
        metrics.canary_age.set_function(self.age)

    def start(self) -> None:
        """Expect events from now on."""
        self._since = self._monotonic()

    def stop(self) -> None:
        """Expect none: this replica does not lead."""
        self._since = None

    def sing(self) -> None:
        """An event came."""
        if self._since is not None:
            self._since = self._monotonic()

    def age(self) -> float:
        """Seconds since the last event; 0 while none is expected."""
        return 0.0 if self._since is None else self._monotonic() - self._since

    def problem(self) -> str | None:
        """What is wrong, for the liveness probe."""
        if self.age() <= OLDEST_SECONDS:
            return None
        return f"no event came through the watches for {self.age():.0f} s"

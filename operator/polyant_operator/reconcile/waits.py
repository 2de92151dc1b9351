"""How long something has been so, by a clock that nobody sets.

The time of day jumps: machines are resumed, clocks are corrected. What this process saw itself is
measured by the steady clock; only what happened before it started is left to the time of day.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

_REMEMBERED: Final = 5000


class Waits:
    """Remembers since when a fact was asked about without a break."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._since: OrderedDict[Hashable, float] = OrderedDict()

    def seconds(self, fact: Hashable) -> float:
        """Seconds since the fact was first asked about."""
        since = self._since.setdefault(fact, self._monotonic())
        while len(self._since) > _REMEMBERED:
            self._since.popitem(last=False)
        return self._monotonic() - since

    def over(self, fact: Hashable) -> None:
        """Forget a fact that is none any more."""
        self._since.pop(fact, None)

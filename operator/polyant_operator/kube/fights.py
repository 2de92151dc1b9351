"""Limits fights over an object: who changes it again and again is put right ever more slowly.

One edit by hand is put back at once. A controller that wants something else answers each repair
within milliseconds, and so would we: after a few rounds the repairs pause, twice as long each time.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from polyant_operator.kube.kinds import Ref

logger = logging.getLogger(__name__)

# So many repairs in a row are made at once.
FREE: Final = 5
FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 300.0
# An object that nobody touched for so long is at peace again.
PEACE: Final = 600.0


@dataclass
class _Fight:
    repairs: int
    last: float


class Fights:
    """Counts repairs in a row by object."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._fights: dict[Ref, _Fight] = {}

    def left(self, ref: Ref) -> float:
        """Seconds until the object is put right again; 0 = now."""
        fight = self._known(ref)
        if fight is None:
            return 0.0
        return max(0.0, fight.last + _pause(fight.repairs) - self._monotonic())

    def repairs(self, ref: Ref) -> int:
        """How often the object was put right in a row."""
        fight = self._known(ref)
        return fight.repairs if fight else 0

    def repaired(self, ref: Ref) -> None:
        """Count a repair."""
        self._fights[ref] = _Fight(self.repairs(ref) + 1, self._monotonic())

    def _known(self, ref: Ref) -> _Fight | None:
        fight = self._fights.get(ref)
        if fight is not None and self._monotonic() - fight.last > PEACE:
            del self._fights[ref]
            return None
        return fight


def _pause(repairs: int) -> float:
    if repairs < FREE:
        return 0.0
    return min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** min(repairs - FREE, 10)))

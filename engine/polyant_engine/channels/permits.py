"""The right to send one part, which ends by itself.

No database can stop a process that was frozen between its claim and its request. So the claim is good
for two seconds of a clock that goes on while everything sleeps, and is looked at last.
"""

from collections.abc import Callable

from polyant_engine.channels.ports import PermitExpired
from polyant_engine.core import clock

PERMIT_SECONDS = 2.0


class TimedPermit:
    """A `Permit`; `since` was read before the claim was asked for, so it is never too late."""

    def __init__(self, since: float, now: Callable[[], float] = clock.boottime) -> None:
        self._until = since + PERMIT_SECONDS
        self._now = now

    def check(self) -> None:
        """Raise `PermitExpired` when it is too late."""
        if self._now() >= self._until:
            raise PermitExpired

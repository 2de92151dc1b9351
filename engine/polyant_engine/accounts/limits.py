"""How often a sign-in may be tried.

Counted per address and account together, so that nobody can lock somebody else out, and per address
alone, against spraying. The count is a row in the database, exact over all replicas, and is taken
before the password is checked. While that table cannot be written, a count of this process stands in.
"""

import logging
from collections import OrderedDict
from datetime import datetime, timedelta

from polyant_engine.accounts.model import Attempts
from polyant_engine.accounts.ports import AttemptCounter
from polyant_engine.core import errors
from polyant_engine.core.clock import Clock
from polyant_engine.core.hashing import TokenHasher

WINDOW = timedelta(minutes=5)
PER_ACCOUNT = 10
PER_ADDRESS = 100
MAX_LOCAL_BUCKETS = 10_000

_log = logging.getLogger(__name__)


class TooManyAttempts(errors.TooManyRequests):
    """The limit of sign-in attempts is used up."""


class SignInLimits:
    """Counts attempts and refuses those above a limit."""

    def __init__(self, counter: AttemptCounter, hasher: TokenHasher, clock: Clock) -> None:
        self._counter = counter
        self._hasher = hasher
        self._local = LocalCounter(clock)

    async def take(self, address: str, account: str) -> None:
        """Count one attempt, or raise if it is one too many."""
        await self._count(self._bucket(address, ""), PER_ADDRESS)
        await self._count(self._bucket(address, account), PER_ACCOUNT)

    async def clear(self, address: str, account: str) -> None:
        """Forget the attempts of an account after a success."""
        await self._counter.clear(self._bucket(address, account), WINDOW)

    async def _count(self, bucket: bytes, limit: int) -> None:
        try:
            attempts = await self._counter.count(bucket, WINDOW)
        except errors.DatabaseUnavailable:
            _log.warning("sign-in attempts are counted in this process only")
            attempts = await self._local.count(bucket, WINDOW)
        if attempts.count > limit:
            raise TooManyAttempts(
                "Too many attempts to sign in; wait and try again.",
                retry_after_seconds=attempts.retry_after_seconds,
            )

    def _bucket(self, address: str, account: str) -> bytes:
        return self._hasher.keyed(f"sign-in\x00{address}\x00{account}")


class LocalCounter:
    """A bounded count in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: OrderedDict[bytes, tuple[datetime, int]] = OrderedDict()

    async def count(self, bucket: bytes, window: timedelta) -> Attempts:
        """Count one attempt."""
        now = self._clock.now()
        started, count = self._buckets.pop(bucket, (now, 0))
        if now - started >= window:
            started, count = now, 0
        self._buckets[bucket] = (started, count + 1)
        if len(self._buckets) > MAX_LOCAL_BUCKETS:
            self._buckets.popitem(last=False)
        left = int((started + window - now).total_seconds()) + 1
        return Attempts(count=count + 1, retry_after_seconds=left)

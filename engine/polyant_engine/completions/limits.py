"""How many requests a caller may make per minute, over all replicas.

A replica reserves requests in blocks from a row that all replicas share, so most requests cost no
round trip. While the database is away each replica grants the whole limit by itself.

The key of a request is checked by the statement that opens its turn, which comes after the limit.
So a caller counts from the second request on at each replica; before that, and for everything that
is never let in, the client's address counts, in this process only.
"""

import logging
from collections import OrderedDict
from dataclasses import dataclass

from polyant_engine.completions.model import WINDOW_SECONDS, Allowance
from polyant_engine.completions.ports import Counters
from polyant_engine.conversations.model import Admission, Caller
from polyant_engine.core.clock import Clock
from polyant_engine.core.errors import DatabaseUnavailable, TooManyRequests

LIMIT = 600
BLOCK = 20
MAX_BUCKETS = 20_000
LOCAL = "address:"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Bucket:
    """What this replica holds of a bucket in one minute."""

    minute: int
    tokens: int = 0
    used: int = 0  # of the limit, in all replicas, as far as we know
    is_exhausted: bool = False


class RateLimits:
    """The limits of this replica."""

    def __init__(
        self, counters: Counters, clock: Clock, *, limit: int = LIMIT, block: int = BLOCK
    ) -> None:
        self._counters = counters
        self._clock = clock
        self._limit = limit
        self._block = min(block, limit)
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._known: OrderedDict[str, str] = (
            OrderedDict()
        )  # who was let in -> what they count against

    async def take(self, caller: Caller, slug: str, address: str) -> Allowance:
        """Count one request or raise `TooManyRequests`."""
        name = self._known.get(identity(caller, slug), LOCAL + address)
        now = self._clock.now().timestamp()
        bucket = self._bucket(name, int(now // WINDOW_SECONDS))
        left = WINDOW_SECONDS - int(now % WINDOW_SECONDS)
        if not await self._spend(name, bucket):
            raise self._refusal(left)
        remaining = self._limit - bucket.used + bucket.tokens
        return Allowance(limit=self._limit, remaining=remaining, reset_seconds=left)

    def confirm(self, caller: Caller, slug: str, admission: Admission) -> None:
        """Remember a caller who was let in; on an open agent all strangers count as one."""
        name = identity(caller, slug)
        self._known[name] = f"open:{slug}" if admission is Admission.OPEN else name
        self._known.move_to_end(name)
        if len(self._known) > MAX_BUCKETS:
            self._known.popitem(last=False)

    def _bucket(self, name: str, minute: int) -> Bucket:
        bucket = self._buckets.get(name)
        if bucket is None or bucket.minute != minute:
            bucket = self._buckets[name] = Bucket(minute)
        self._buckets.move_to_end(name)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return bucket

    async def _spend(self, name: str, bucket: Bucket) -> bool:
        while bucket.tokens <= 0:
            if bucket.is_exhausted:
                return False
            await self._refill(name, bucket)
        bucket.tokens -= 1
        return True

    async def _refill(self, name: str, bucket: Bucket) -> None:
        used = self._limit if name.startswith(LOCAL) else await self._reserve(name)
        if used is None:
            bucket.used, bucket.is_exhausted = self._limit, True
            return
        # The row is cut off at the limit, so the last block may be a smaller one.
        is_last = used >= self._limit
        rest = self._limit % self._block or self._block
        whole = name.startswith(LOCAL) or used > self._limit
        bucket.tokens += self._limit if whole else rest if is_last else self._block
        bucket.used = min(used, self._limit)
        bucket.is_exhausted = is_last

    async def _reserve(self, name: str) -> int | None:
        try:
            return await self._counters.reserve(name, self._block, self._limit)
        except DatabaseUnavailable:
            log.warning("rate limits are counted in this process only: the database is away")
            return self._limit + 1

    def _refusal(self, left: int) -> TooManyRequests:
        error = TooManyRequests(
            f"The limit of {self._limit} requests per minute is used up.", retry_after_seconds=left
        )
        allowance = Allowance(limit=self._limit, remaining=0, reset_seconds=left)
        error.headers.update(allowance.headers())
        return error


def identity(caller: Caller, slug: str) -> str:
    """Name a caller: the person, the key at one agent, or anybody at one agent."""
    if caller.user_id is not None:
        return f"user:{caller.user_id}"
    if caller.key_hash is not None:
        return f"key:{caller.key_hash.hex()}:{slug}"
    return f"open:{slug}"

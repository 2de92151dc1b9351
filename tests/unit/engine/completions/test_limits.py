"""Limits are exact over replicas, cheap in round trips, and kept when the database is away."""

import uuid

import pytest

from polyant_engine.completions.limits import RateLimits
from polyant_engine.conversations.model import Admission, Caller
from polyant_engine.core.errors import DatabaseUnavailable, TooManyRequests
from support.turns import ManualClock

KEY = Caller(key_hash=b"k" * 32)
PERSON = Caller(user_id=uuid.UUID(int=1))


class MemoryCounters:
    """A `Counters` like the table's."""

    def __init__(self) -> None:
        self.used: dict[str, int] = {}
        self.calls = 0
        self.is_away = False

    async def reserve(self, bucket: str, block: int, limit: int) -> int | None:
        self.calls += 1
        if self.is_away:
            raise DatabaseUnavailable
        if self.used.get(bucket, 0) >= limit:
            return None
        self.used[bucket] = min(limit, self.used.get(bucket, 0) + block)
        return self.used[bucket]


def limits(counters: MemoryCounters, clock: ManualClock, limit: int = 50) -> RateLimits:
    made = RateLimits(counters, clock, limit=limit, block=20)
    made.confirm(KEY, "a", Admission.KEY)
    made.confirm(PERSON, "a", Admission.USER)
    return made


async def spend(under_test: RateLimits, caller: Caller = KEY, address: str = "1.2.3.4") -> int:
    """Return how many requests pass until one is refused."""
    for count in range(10_000):
        try:
            await under_test.take(caller, "a", address)
        except TooManyRequests:
            return count
    return -1


async def test_the_limit_is_exact_with_few_round_trips() -> None:
    counters = MemoryCounters()

    assert await spend(limits(counters, ManualClock())) == 50
    assert counters.calls == 3


async def test_replicas_share_one_limit() -> None:
    counters, clock = MemoryCounters(), ManualClock()
    first, second = limits(counters, clock), limits(counters, clock)
    await first.take(KEY, "a", "")

    assert await spend(second) + await spend(first) + 1 == 50


async def test_a_refusal_says_when_to_come_back_and_costs_nothing() -> None:
    counters, clock = MemoryCounters(), ManualClock()
    under_test = limits(counters, clock)
    await spend(under_test)
    calls = counters.calls

    with pytest.raises(TooManyRequests) as raised:
        await under_test.take(KEY, "a", "")

    assert raised.value.headers["retry-after"] == "20"  # the clock stands at 1000 s: 40 s in
    assert raised.value.headers["x-ratelimit-remaining-requests"] == "0"
    assert counters.calls == calls


async def test_a_new_minute_is_a_new_limit() -> None:
    counters, clock = MemoryCounters(), ManualClock()
    under_test = limits(counters, clock)
    await spend(under_test)
    clock.seconds += 20
    counters.used.clear()

    assert await spend(under_test) == 50


async def test_what_remains_is_told() -> None:
    under_test = limits(MemoryCounters(), ManualClock())

    told = [(await under_test.take(KEY, "a", "")).remaining for _ in range(3)]

    assert told == [49, 48, 47]


async def test_without_the_database_each_replica_grants_the_limit() -> None:
    counters = MemoryCounters()
    counters.is_away = True

    assert await spend(limits(counters, ManualClock())) == 50
    assert counters.calls == 1


async def test_strangers_count_by_address_without_a_round_trip() -> None:
    counters = MemoryCounters()
    under_test = limits(counters, ManualClock())
    guesses = [Caller(key_hash=bytes([n]) * 32) for n in range(60)]

    for guess in guesses[:50]:
        await under_test.take(guess, "a", "1.2.3.4")
    with pytest.raises(TooManyRequests):
        await under_test.take(guesses[50], "a", "1.2.3.4")

    assert counters.calls == 0
    await under_test.take(guesses[0], "a", "5.6.7.8")
    await under_test.take(KEY, "a", "1.2.3.4")


async def test_all_strangers_of_an_open_agent_count_as_one() -> None:
    counters = MemoryCounters()
    under_test = limits(counters, ManualClock())
    junk = [Caller(key_hash=bytes([n]) * 32) for n in range(2)]
    for caller in junk:
        under_test.confirm(caller, "a", Admission.OPEN)

    for caller in junk:
        await under_test.take(caller, "a", "1.2.3.4")

    assert counters.used == {"open:a": 20}


async def test_a_person_counts_alike_at_every_agent() -> None:
    counters = MemoryCounters()
    under_test = limits(counters, ManualClock())

    assert await spend(under_test, PERSON) == 50
    with pytest.raises(TooManyRequests):
        await under_test.take(PERSON, "b", "")

"""The token bucket in virtual time."""

import asyncio

import pytest

from polyant_operator.kube.bucket import TokenBucket

pytestmark = pytest.mark.looptime


async def test_a_burst_passes_and_the_rest_waits_in_turn() -> None:
    bucket = TokenBucket(rate=2, burst=3)
    passed: list[tuple[int, float]] = []

    async def take(number: int) -> None:
        await bucket.take()
        passed.append((number, asyncio.get_running_loop().time()))

    await asyncio.gather(*(take(number) for number in range(6)))

    assert passed == [(0, 0), (1, 0), (2, 0), (3, 0.5), (4, 1.0), (5, 1.5)]


async def test_a_rest_earns_no_more_than_a_burst() -> None:
    bucket = TokenBucket(rate=1, burst=2)
    await asyncio.sleep(100)
    for _ in range(3):
        await bucket.take()

    assert asyncio.get_running_loop().time() == 101

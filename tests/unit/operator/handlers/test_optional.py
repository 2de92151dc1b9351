"""The watch of a kind that comes and goes."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable

import pytest

from polyant_operator.handlers.optional import OptionalWatch

TICK = 0.001


class Kind:
    """A kind that is served or not, and what became of its watches."""

    def __init__(self) -> None:
        self.is_served = False
        self.running = 0
        self.begun = 0
        self.stop = threading.Event()

    async def watch(self, ended: threading.Event) -> None:
        self.begun += 1
        self.running += 1
        try:
            while not ended.is_set():  # noqa: ASYNC110 (the event of another thread)
                await asyncio.sleep(TICK)
        finally:
            self.running -= 1

    def kept(
        self, watch: Callable[[threading.Event], Awaitable[None]] | None = None
    ) -> asyncio.Task[None]:
        optional = OptionalWatch("HTTPRoute", lambda: self.is_served, watch or self.watch)
        return asyncio.create_task(optional.run(self.stop, TICK))


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not fact():  # noqa: ASYNC110 (facts have no event)
            await asyncio.sleep(TICK)


async def test_it_begins_when_the_kind_comes_and_ends_when_it_goes() -> None:
    kind = Kind()
    task = kind.kept()
    await asyncio.sleep(5 * TICK)
    assert kind.begun == 0

    for number in (1, 2):
        kind.is_served = True
        await until(lambda: kind.running == 1)
        kind.is_served = False
        await until(lambda: kind.running == 0)
        assert kind.begun == number

    kind.stop.set()
    await asyncio.wait_for(task, 2)


async def test_it_ends_when_told_to() -> None:
    kind = Kind()
    kind.is_served = True
    task = kind.kept()
    await until(lambda: kind.running == 1)

    kind.stop.set()
    await asyncio.wait_for(task, 2)

    assert kind.running == 0


async def test_a_watch_that_breaks_off_is_told_and_begun_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kind = Kind()
    kind.is_served = True

    async def broken(_: threading.Event) -> None:
        kind.begun += 1
        raise RuntimeError("the resource is gone")

    with caplog.at_level(logging.WARNING):
        task = kind.kept(broken)
        await until(lambda: kind.begun > 1)
        kind.stop.set()
        await asyncio.wait_for(task, 2)

    assert "The watch on HTTPRoute broke off: the resource is gone" in caplog.text


async def test_a_cancelled_one_leaves_no_watch_behind() -> None:
    kind = Kind()
    kind.is_served = True
    task = kind.kept()
    await until(lambda: kind.running == 1)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: kind.running == 0)

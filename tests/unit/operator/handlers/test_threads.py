"""A watch in a thread of its own: what breaks off is begun anew, and a comparison is asked for."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from polyant_operator.handlers import threads


async def until_set(stop: threading.Event) -> None:
    while not stop.is_set():  # noqa: ASYNC110 (the flag belongs to another thread)
        await asyncio.sleep(0.01)


async def test_a_watch_has_a_loop_of_its_own_and_ends_when_told() -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    stop = threading.Event()

    async def watch(told: threading.Event) -> None:
        loops.append(asyncio.get_running_loop())
        told.set()

    await threads.in_thread("test", watch, stop)

    assert loops != [asyncio.get_running_loop()]


async def test_what_a_watch_raises_is_raised_to_who_waits() -> None:
    async def watch(_: threading.Event) -> None:
        raise ValueError("no such resource")

    with pytest.raises(ValueError, match="no such resource"):
        await threads.in_thread("test", watch, threading.Event())


async def test_a_cancelled_watch_is_told_to_stop() -> None:
    told: list[threading.Event] = []
    stop = threading.Event()

    async def watch(flag: threading.Event) -> None:
        told.append(flag)
        await until_set(flag)

    task = asyncio.create_task(threads.in_thread("test", watch, stop))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert told == [stop]
    assert stop.is_set()


async def test_a_watch_that_breaks_off_ends_though_its_loop_still_waits_for_the_flag() -> None:
    """As kopf does: in a thread of the loop's pool, which the loop joins when it ends."""

    async def watch(stop: threading.Event) -> None:
        waiting = asyncio.get_running_loop().run_in_executor(None, stop.wait, 5)
        await asyncio.wait([waiting], timeout=0)
        raise ValueError("410")

    with pytest.raises(ValueError, match="410"):
        await asyncio.wait_for(threads.in_thread("test", watch, threading.Event()), 1)


@pytest.mark.parametrize("fails", [True, False])
async def test_a_watch_that_breaks_off_is_begun_anew_and_asks_for_a_comparison(
    monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    monkeypatch.setattr(threads, "FIRST_PAUSE", 0.01)
    begun: list[int] = []
    missed: list[int] = []

    async def watch(stop: threading.Event) -> None:
        begun.append(1)
        if len(begun) > 2:
            await until_set(stop)
        if fails:
            raise RuntimeError("410")

    task = asyncio.create_task(threads.kept_alive("test", watch, _append(missed)))
    await asyncio.sleep(0.5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert len(begun) == 3
    assert len(missed) == 2


def _append(to: list[int]) -> Callable[[], None]:
    return lambda: to.append(1)

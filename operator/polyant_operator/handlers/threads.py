"""A watch layer's piece in a thread with an event loop of its own, begun anew when it breaks off.

kopf cancels every task of its loop that it did not know when it started, so two of them in one loop
end each other's watches, and the survivor says nothing. A piece that ends without being told to has
missed what happened since, so a comparison with the cluster is asked for whenever it begins anew.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Final

logger = logging.getLogger(__name__)

STOP_SECONDS: Final = 5.0
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0

# Watches until its flag is set.
Watch = Callable[[threading.Event], Awaitable[None]]


async def in_thread(name: str, watch: Watch, stop: threading.Event) -> None:
    """Watch until the flag is set or the watch ends by itself; what it raises is raised here."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    # When nobody waits any more, what it says at its end is no loss.
    ended.add_done_callback(lambda future: future.cancelled() or future.exception())

    async def watched() -> None:
        try:
            await watch(stop)
        finally:
            # kopf waits for the flag in a thread of the loop's pool, and a loop ends after its pool:
            # without this, one that breaks off by itself would never be seen to end.
            stop.set()

    def run() -> None:
        error: Exception | None = None
        try:
            asyncio.run(watched())
        except Exception as caught:  # noqa: BLE001 (the boundary of a thread: reported to the main loop)
            error = caught
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, ended, error)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        await asyncio.shield(ended)
    finally:
        stop.set()
        await asyncio.to_thread(thread.join, STOP_SECONDS)


async def kept_alive(name: str, watch: Watch, missed: Callable[[], None]) -> None:
    """Watch until cancelled, however often the watch breaks off."""
    pause = FIRST_PAUSE
    loop = asyncio.get_running_loop()
    while True:
        since = loop.time()
        try:
            await in_thread(name, watch, threading.Event())
            problem = "it ended without being told to"
        except Exception as error:  # noqa: BLE001 (the boundary of a foreign layer: told and begun anew)
            problem = str(error) or type(error).__name__
        pause = FIRST_PAUSE if loop.time() - since > LONGEST_PAUSE else pause
        logger.warning("The %s broke off and begin anew in %.0f s: %s", name, pause, problem)
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)
        missed()


def _settle(ended: "asyncio.Future[None]", error: Exception | None) -> None:
    if ended.done():
        return
    if error is not None:
        ended.set_exception(error)
    else:
        ended.set_result(None)

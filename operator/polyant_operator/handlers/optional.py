"""A watch on a kind that comes and goes with somebody else's CRD.

kopf could follow CRDs itself, but only where CRDs of the whole cluster may be listed. Whether a kind
is served is known from discovery anyway, so its watch is a kopf of its own, started when the kind
appears and ended when it goes. What happened in between is found by the resync that discovery asks
for whenever its answer changes.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Final

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0

# Watches until its flag is set.
Watch = Callable[[threading.Event], Awaitable[None]]


class OptionalWatch:
    """Keeps one watch alive while its kind is served."""

    def __init__(self, kind: str, is_served: Callable[[], bool], watch: Watch) -> None:
        self._kind = kind
        self._is_served = is_served
        self._watch = watch

    async def run(self, stop: threading.Event, seconds: float = LOOK_SECONDS) -> None:
        """Start and end the watch as its kind comes and goes, until told to stop."""
        while not stop.is_set():
            if self._is_served():
                await self._while_served(stop, seconds)
            await asyncio.sleep(seconds)

    async def _while_served(self, stop: threading.Event, seconds: float) -> None:
        ended = threading.Event()
        logger.info("Watching %s from now on", self._kind)
        task = asyncio.ensure_future(self._watch(ended))
        try:
            while self._is_served() and not stop.is_set() and not task.done():
                await asyncio.wait([task], timeout=seconds)
        finally:
            ended.set()
        # A watch that breaks off when its CRD is deleted is begun anew, or not at all.
        (error,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(error, BaseException):
            logger.warning("The watch on %s broke off: %s", self._kind, error)

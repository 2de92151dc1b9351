"""The clock of a vendor: wall time that runs as fast as a test likes, jumps, and can be waited for.

Vendors' waits (redelivery after five minutes, updates kept for a day) are in vendor seconds. The
journal's times are not: they are CLOCK_MONOTONIC of this machine, so other processes can compare.
"""

import asyncio
import time


class VendorClock:
    """Seconds since 1970 as the vendor sees them."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._base = time.time()
        self._since = time.monotonic()
        self._changed = asyncio.Event()

    def now(self) -> float:
        return self._base + (time.monotonic() - self._since) * self._speed

    def advance(self, seconds: float) -> None:
        """Let that much time pass at once; sleepers wake whose time has come."""
        self._rebase(self.now() + seconds, self._speed)

    def scale(self, speed: float) -> None:
        """Run that many times as fast as the machine's clock from now on."""
        self._rebase(self.now(), speed)

    async def sleep(self, seconds: float) -> None:
        """Wait vendor seconds."""
        await self.until(self.now() + seconds)

    async def until(self, moment: float) -> None:
        """Wait for a vendor's moment, whatever is done to the clock meanwhile."""
        while (left := moment - self.now()) > 0:
            changed = self._changed
            try:
                await asyncio.wait_for(changed.wait(), left / self._speed)
            except TimeoutError:
                continue

    def _rebase(self, base: float, speed: float) -> None:
        self._base, self._since, self._speed = base, time.monotonic(), speed
        self._changed.set()
        self._changed = asyncio.Event()

"""A token bucket: bursts are fine, the average is bounded, nobody polls while waiting."""

import asyncio


class TokenBucket:
    """Hands out at most `burst` tokens at once and `rate` tokens a second in the long run."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at: float | None = None

    async def take(self) -> None:
        """Wait for one token. Tokens are promised in order, so waiters are served in turn."""
        wait = self.reserve(asyncio.get_running_loop().time())
        if wait > 0:
            await asyncio.sleep(wait)

    def reserve(self, now: float) -> float:
        """Take one token, perhaps a future one; gives the seconds until it is there."""
        earned = 0.0 if self._at is None else (now - self._at) * self._rate
        self._tokens = min(self._burst, self._tokens + earned) - 1
        self._at = now
        return -self._tokens / self._rate if self._tokens < 0 else 0.0

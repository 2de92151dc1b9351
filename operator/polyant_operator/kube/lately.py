"""What was asked lately and hardly ever changes: one question for a thousand passes.

Only for what is the same for every instance. Whoever misses something in an answer asks again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
SECONDS: Final = 10.0


class Lately(Generic[T]):
    """Remembers one answer for a while; passes that ask at one time share one question."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._lock = asyncio.Lock()
        self._answer: tuple[float, T] | None = None

    async def get(self, is_enough: Callable[[T], bool]) -> T:
        """Give the answer of the last seconds if it is enough, else a fresh one."""
        asked = asyncio.get_running_loop().time()
        async with self._lock:
            if self._answer is not None:
                at, answer = self._answer
                # One that was made while we waited for our turn is fresh, enough or not.
                if at >= asked or (at > asked - SECONDS and is_enough(answer)):
                    return answer
            began = asyncio.get_running_loop().time()
            answer = await self._ask()
            self._answer = (began, answer)
            return answer

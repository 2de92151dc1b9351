"""What changes around all instances at once, and rarely: optional APIs, the API server's addresses.

Nobody tells us, so it is asked for every minute; another answer is worth a look at every instance.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from polyant_operator.kube import errors

logger = logging.getLogger(__name__)

# A few hundred bytes each time; soon enough for who has just installed something.
ASK_SECONDS: Final = 60.0

# Asks again; says whether the answer is another one.
Ask = Callable[[], Awaitable[bool]]


async def follow(
    asks: tuple[Ask, ...], changed: Callable[[], Awaitable[None]], seconds: float = ASK_SECONDS
) -> None:
    """Ask again and again, and tell when an answer is another one."""
    due = False
    while True:
        await asyncio.sleep(seconds)
        try:
            for ask in asks:
                due = await ask() or due
            if due:
                await changed()
                due = False
        except errors.KubeError as error:
            logger.warning("A change around the instances is carried out later: %s", error)

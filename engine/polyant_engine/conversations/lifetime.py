"""Keep turns working for as long as the process serves, and end them in order.

At the end: running turns may finish for a moment (their callers are gone or were waited for
already), what is left is cancelled and committed, and the call log is written out.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial

from polyant_engine.conversations import leases
from polyant_engine.conversations.call_log import BufferedCallLog
from polyant_engine.conversations.ports import TurnStore
from polyant_engine.conversations.service import Turns

DRAIN_SECONDS = 2.0

Chore = tuple[float, Callable[[], Awaitable[object]]]


@contextlib.asynccontextmanager
async def kept(
    turns: Turns, store: TurnStore, call_log: BufferedCallLog, chores: Sequence[Chore] = ()
) -> AsyncIterator[Turns]:
    """Run the periodic work beside whatever happens inside."""
    periodic: list[Chore] = [
        (leases.RENEW_SECONDS, partial(leases.renew, turns, store)),
        (leases.REAP_SECONDS, partial(leases.reap, store)),
        *chores,
    ]
    writing = asyncio.create_task(call_log.run(), name="call log")
    tasks = [asyncio.create_task(leases.every(seconds, work)) for seconds, work in periodic]
    try:
        yield turns
    finally:
        await turns.drain(DRAIN_SECONDS)
        for task in (*tasks, writing):
            task.cancel()
        await asyncio.gather(*tasks, writing, return_exceptions=True)

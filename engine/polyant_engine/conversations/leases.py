"""Keep the leases of running turns alive, and clear up behind engines that vanished.

A lease is 10 s, renewed every 3 s; most turns are over before the first renewal and pay nothing.
No clock decides who may commit: the commit itself asks whether the turn is still ours.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from polyant_engine.conversations.ports import TurnStore
from polyant_engine.conversations.service import Turns
from polyant_engine.core.errors import DatabaseUnavailable

LEASE_SECONDS = 10.0
RENEW_SECONDS = 3.0
REAP_SECONDS = 10.0
PARTITION_SECONDS = 3600.0
PARTITION_DAYS = 14

log = logging.getLogger(__name__)


async def renew(turns: Turns, store: TurnStore) -> None:
    """Prolong the lease of every running turn; a turn that is not ours any more is stopped."""
    running = {turn.opened.id: turn for turn in turns.running}
    if not running:
        return
    ours = await store.renew({turn.opened.id: turn.opened.attempt for turn in turns.running})
    still_running = {turn.opened.id for turn in turns.running}
    for turn_id in running.keys() & still_running - ours:
        log.warning("turn %s was taken over", turn_id)
        running[turn_id].is_lost = True
        running[turn_id].cancel()


async def reap(store: TurnStore) -> None:
    """Abandon the turns whose lease ran out."""
    if count := await store.abandon_expired():
        log.warning("abandoned %d turns of engines that vanished", count)


async def every(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do something now and again; a database that is away is no reason to stop."""
    while True:
        try:
            await work()
        except DatabaseUnavailable:
            log.warning("the database is away; %s waits", work)
        except Exception:
            log.exception("a periodic task failed and is tried again")
        await asyncio.sleep(seconds)

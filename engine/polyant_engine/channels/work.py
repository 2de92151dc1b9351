"""Channels at work: what the leader does, what every replica does, and how it ends.

    every replica   answers turns that wait, preloads the adapters that exist, forgets what is old
    the leader      adapters, then what they send, then the bursts they collect (three duties)

An engine that ends hands the leadership over at once, claims nothing more and lets the turns that run
end within its grace; what is left is given back, and another replica answers it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from polyant_engine.channels.account_store import PostgresAccounts
from polyant_engine.channels.adapters import AdapterPool
from polyant_engine.channels.answering import Answering, Queue, Runner
from polyant_engine.channels.bursts import BurstTimers
from polyant_engine.channels.outbox_store import LeaderStore
from polyant_engine.channels.ports import Intake
from polyant_engine.channels.preloading import Preloading
from polyant_engine.channels.registry import Registry
from polyant_engine.channels.sender import Sender
from polyant_engine.leadership.ports import Duty
from polyant_engine.leadership.service import Leadership

CLAIM_SECONDS = 5.0  # what is being claimed at the end is begun, and then given back


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What channels are made of."""

    leadership: Leadership
    accounts: PostgresAccounts
    intake: Intake
    registry: Registry
    queue: Queue
    runner: Runner
    is_sent_again: bool  # what a vanished leader was sending


class Channels:
    """The channels of this process."""

    def __init__(self, parts: Parts) -> None:
        leader = parts.leadership
        store, give_up = LeaderStore(leader.fence), leader.give_up
        vendors = parts.registry.vendors
        self._answering = Answering(parts.queue, parts.runner, parts.registry.renderers)
        pool = AdapterPool(parts.accounts, store, vendors, parts.intake, give_up)
        sender = Sender(store, pool.working, give_up, is_sent_again=parts.is_sent_again)
        bursts = BurstTimers(store, self._answering.wake, give_up)
        self._duties: tuple[Duty, ...] = (pool, sender, bursts)
        self._leadership = leader
        self._preloading = Preloading(parts.accounts, vendors)

    def drain(self) -> None:
        """Claim nothing more; what runs goes on."""
        self._answering.drain()

    @contextlib.asynccontextmanager
    async def kept(self, grace_seconds: float) -> AsyncIterator["Channels"]:
        """Work beside whatever happens inside; enter before the election starts.

        At the end running turns have the grace to end, counted from `drain`.
        """
        for duty in self._duties:
            self._leadership.register(duty)
        answering = asyncio.create_task(self._answering.run(), name="answering")
        preloading = asyncio.create_task(self._preloading.run(), name="preloading")
        try:
            yield self
        finally:
            self.drain()
            await asyncio.wait([answering], timeout=CLAIM_SECONDS)
            await self._answering.finish(grace_seconds)
            for task in (answering, preloading):
                task.cancel()
            await asyncio.gather(answering, preloading, return_exceptions=True)

"""What a candidate needs, made of settings: identity, times, and the tools its thread opens."""

import asyncio
import contextlib
import random
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import aiohttp

from polyant_engine.core import database
from polyant_engine.core.clock import Clock
from polyant_engine.core.database import Executor, Target
from polyant_engine.leadership import kubernetes
from polyant_engine.leadership.elector import Candidate, Tools
from polyant_engine.leadership.fence import Fence
from polyant_engine.leadership.kubernetes import KubernetesLease
from polyant_engine.leadership.postgres import PostgresLease
from polyant_engine.leadership.records import Times
from polyant_engine.leadership.terms import Promotion

# Apart from the pool that serves requests, so that a busy one costs no leadership.
CONNECTIONS = 2

Ping = Callable[[Executor], Awaitable[str | None]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where and for whom; `place` is the Lease, or nothing for the row in the database."""

    target: Target
    place: kubernetes.Place | None
    ping: Ping
    clock: Clock


def candidate(pod_name: str | None, times: Times) -> Candidate:
    """Return who runs: the name says where, the random part which start of it."""
    name = pod_name or socket.gethostname()
    return Candidate(
        identity=f"{name}_{secrets.token_hex(4)}",
        times=times,
        jitter=random.random(),  # noqa: S311  spreads tries
    )


@contextlib.asynccontextmanager
async def tools(plan: Plan, identity: str) -> AsyncIterator[Tools]:
    """Open what the elector's thread works with."""
    target = replace(plan.target, application_name="polyant-elector")
    async with (
        database.opened(target, size=CONNECTIONS) as pool,
        contextlib.AsyncExitStack() as stack,
    ):
        store: PostgresLease | KubernetesLease = PostgresLease(pool)
        if plan.place is not None:
            # After the session: its TLS connections take some turns of the loop to end.
            stack.push_async_callback(asyncio.sleep, 0.1)
            session = await stack.enter_async_context(aiohttp.ClientSession())
            store = KubernetesLease(session, plan.place, plan.clock)
        yield Tools(
            store=store,
            promotion=Promotion(database=pool, holder=identity),
            fence=Fence(database=pool),
            ping=lambda: plan.ping(pool),
        )

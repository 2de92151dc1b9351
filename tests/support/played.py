"""The part of a cluster that a bare API server lacks: Jobs that end and Deployments that roll out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from polyant_operator.kube import errors
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import DEPLOYMENT, JOB, Object
from support import operator_world
from support.apiserver import ApiServer
from support.operator_world import REPORT, WatchedClient, World


async def _step(world: World, key_id: str) -> None:
    jobs = [job async for job in world.admin.walk(JOB, world.namespace)]
    if any(not (job.get("status") or {}).get("conditions") for job in jobs):
        await world.end_job(0, REPORT % key_id)
    async for live in world.admin.walk(DEPLOYMENT, world.namespace):
        if not _is_rolled_out(live):
            await world.rolled_out(live["metadata"]["name"])


def _is_rolled_out(live: Object) -> bool:
    status = live.get("status") or {}
    seen = status.get("observedGeneration") == live["metadata"]["generation"]
    return bool(seen and status.get("readyReplicas") == live["spec"]["replicas"])


async def _play(world: World, key_id: str, every: float) -> None:
    while True:
        # An object may go between a look and a write.
        with contextlib.suppress(errors.NotFound, errors.Conflict):
            await _step(world, key_id)
        await asyncio.sleep(every)


@asynccontextmanager
async def cluster(
    server: ApiServer, namespace: str, key_id: str, *, every: float = 1
) -> AsyncIterator[World]:
    """Let migrations succeed and pods become ready in a namespace until the block ends."""
    access = operator_world.access(server)
    async with Client(access, rate=10_000) as admin, WatchedClient(access, rate=10_000) as client:
        world = World(admin, client, namespace)
        task = asyncio.create_task(_play(world, key_id, every))
        try:
            yield world
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

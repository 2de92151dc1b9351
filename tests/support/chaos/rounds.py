"""Rounds of faults under load, then quiet, then the verdict.

Rounds come in blocks, each on a new installation, with the block's own seed: what a block finds is
found again by that seed alone, as far as processes and their scheduling let themselves be repeated.
"""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from support.chaos import faults, plan, world
from support.chaos.evidence import Fault
from support.chaos.oracle import judge
from support.chaos.plan import Blow, Round
from support.chaos.verdict import Verdict
from support.chaos.world import Setup, World

# Longer than a lease of a turn, its reaper's pause, an outbox pause and a poller's back-off.
SETTLE_SECONDS = 120.0
CALM_SECONDS = 2.0  # of load before the first fault and after the last

Tell = Callable[[str], None]


def _silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """What one block is to do."""

    setup: Setup
    rounds: int
    names: Collection[str] = ()
    tell: Tell = field(default=_silent)

    def faults(self) -> Collection[str]:
        usual = faults.FAULTS if self.setup.is_kubernetes else faults.EVERYWHERE
        return self.names or usual


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a block."""

    setup: Setup
    verdict: Verdict
    rounds: int
    seconds: float
    settled_seconds: float
    met: dict[str, int]
    logs: Path | None


async def run(block: Block) -> Outcome:
    """Run one block; the logs of its engines are kept when something was broken."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="polyant-chaos-run-"))
    began = time.monotonic()
    async with world.running(folder, block.setup) as found:
        async with _talking(found):
            await asyncio.sleep(CALM_SECONDS)
            await _suffer(block, found)
            await found.heal()
            await asyncio.sleep(CALM_SECONDS)
        quiet = time.monotonic()
        await found.settle(SETTLE_SECONDS)
        settled = time.monotonic() - quiet
        evidence = await found.evidence()
    verdict = judge(evidence)
    if not verdict.violations:
        await asyncio.to_thread(shutil.rmtree, folder)
    met: dict[str, int] = {}
    for fault in evidence.faults:
        met[fault.name] = met.get(fault.name, 0) + 1
    return Outcome(
        setup=block.setup,
        verdict=verdict,
        rounds=block.rounds,
        seconds=time.monotonic() - began,
        settled_seconds=settled,
        met=met,
        logs=folder if verdict.violations else None,
    )


async def _suffer(block: Block, found: World) -> None:
    planned = plan.rounds(block.setup.seed, block.rounds, len(found.replicas), block.faults())
    for each in planned:
        block.tell(str(each))
        await _round(found, each)


async def _round(found: World, each: Round) -> None:
    async with asyncio.TaskGroup() as group:
        for blow in each.blows:
            group.create_task(_strike(found, blow))
    await asyncio.sleep(each.pause)


async def _strike(found: World, blow: Blow) -> None:
    await asyncio.sleep(blow.wait)
    target = found.replicas[blow.number]
    if blow.is_for_leader:
        with contextlib.suppress(OSError):  # the database is away: then it meets anybody
            target = await found.leader()
    began = time.monotonic()
    async with faults.FAULTS[blow.name](found, target):
        await asyncio.sleep(blow.seconds)
    fault = Fault(name=blow.name, target=target.name, begun=began, ended=time.monotonic())
    found.faults.append(fault)


@contextlib.asynccontextmanager
async def _talking(found: World) -> AsyncIterator[None]:
    task = asyncio.create_task(found.talk())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

"""Turns are claimed until the engine drains; what runs then may end."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from polyant_engine.channels.answering import Answering
from polyant_engine.channels.model import Kind
from polyant_engine.conversations import model
from polyant_engine.conversations.model import Ending, OpenedTurn, QueuedTurn
from polyant_engine.conversations.ports import Close
from polyant_engine.gateway.ports import Sampling
from support.channels import PlainRenderer, until
from support.turns import MemoryStore


@dataclass
class Waiting:
    """Turns that wait, each claimed once."""

    turns: list[QueuedTurn] = field(default_factory=list)
    claims: int = 0

    async def claim(self, limit: int) -> list[QueuedTurn]:
        self.claims += 1
        taken, self.turns = self.turns[:limit], self.turns[limit:]
        return taken

    async def close(
        self, turn: OpenedTurn, ending: Ending, parts: Sequence[Mapping[str, Any]]
    ) -> bool:
        raise AssertionError((turn, ending, parts))

    async def release(self, turn: OpenedTurn) -> bool:
        raise AssertionError(turn)


@dataclass
class Held:
    """Runs turns until it is told that they end."""

    end: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0

    def resume(
        self, opened: OpenedTurn, request: model.Request, close: Close
    ) -> "asyncio.Task[None]":
        del opened, request, close
        self.begun += 1
        return asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        await self.end.wait()


async def queued() -> QueuedTurn:
    request = model.Request(
        slug="helper",
        caller=model.Caller(),
        chat_id=None,
        text="hello",
        earlier=(),
        instructions=(),
        sampling=Sampling(),
        stream=False,
    )
    return QueuedTurn(
        opened=await MemoryStore().open(request),
        channel="telegram",
        chat="c",
        text="hello",
        attachments=(),
        is_active=True,
    )


async def test_a_drained_engine_claims_nothing_and_lets_what_runs_end() -> None:
    queue, runner = Waiting([await queued()]), Held()
    answering = Answering(queue, runner, {Kind.TELEGRAM: PlainRenderer()})
    loop = asyncio.create_task(answering.run())
    await until(lambda: runner.begun)
    answering.drain()
    await loop
    queue.turns.append(await queued())

    finishing = asyncio.create_task(answering.finish(60))
    await asyncio.sleep(0)
    assert not finishing.done()
    runner.end.set()
    await finishing

    assert (runner.begun, len(queue.turns)) == (1, 1)


async def test_the_grace_counts_from_the_drain() -> None:
    queue, runner = Waiting([await queued()]), Held()
    answering = Answering(queue, runner, {Kind.TELEGRAM: PlainRenderer()})
    loop = asyncio.create_task(answering.run())
    await until(lambda: runner.begun)
    answering.drain()
    await loop
    await asyncio.sleep(0.05)

    async with asyncio.timeout(0.04):
        await answering.finish(0.05)

    runner.end.set()

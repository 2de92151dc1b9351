"""A Telegram channel and the simulator it works against."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from polyant_engine.channels.model import (
    Account,
    Address,
    Content,
    Kind,
    Outcome,
    Part,
)
from polyant_engine.channels.ports import PermitExpired
from polyant_engine.channels.telegram.adapter import TelegramAdapter
from polyant_engine.channels.telegram.vendor import TelegramVendor
from polyant_engine.core import egress
from polyant_engine.core.clock import SystemClock
from polyant_engine.leadership.fence import Term
from support.inbox import MemoryInbox
from support.vendors.telegram.bot import Bot
from support.vendors.telegram.simulator import Telegram

TERM = cast("Term", None)  # no write of an adapter is fenced
DAY = 24 * 3600


@asynccontextmanager
async def vendor(url: str) -> AsyncIterator[TelegramVendor]:
    async with egress.opened(["127.0.0.1"], connections=0) as outside:
        yield TelegramVendor(outside, SystemClock(), url)


def account(bot: Bot, **settings: Any) -> Account:
    return Account(
        id=uuid.uuid4(),
        agent_id=uuid.uuid4(),
        kind=Kind.TELEGRAM,
        name=str(bot.id),
        version=1,
        settings=settings,
        secrets={"botToken": bot.token},
    )


@asynccontextmanager
async def working(
    telegram: Telegram, bot: Bot, inbox: MemoryInbox | None = None
) -> AsyncIterator[tuple[TelegramAdapter, MemoryInbox]]:
    """A channel at work, stopped at the end."""
    inbox = inbox or MemoryInbox()
    async with vendor(telegram.url) as made:
        adapter = made.make(account(bot), inbox)
        await adapter.start(TERM)
        try:
            yield adapter, inbox
        finally:
            await adapter.stop()


@dataclass
class Allowed:
    """A permit that notes how often it was asked for."""

    is_over: bool = False
    checks: list[Any] = field(default_factory=list)
    look: Callable[[], Any] = lambda: None

    def check(self) -> None:
        self.checks.append(self.look())
        if self.is_over:
            raise PermitExpired


def part(chat: int, text: str = "hello", **more: Any) -> Part:
    given = {"content": Content(text=text), "reply_to": None, "attempt": 1, **more}
    address = Address(chat=str(chat), thread=str(given.pop("thread", "")))
    return Part(id=uuid.uuid4(), key="k", channel_id=uuid.uuid4(), address=address, **given)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not holds():  # noqa: ASYNC110  the vendor has no event for each of these
            await asyncio.sleep(0.01)


async def sent_by(telegram: Telegram, bot: Bot, message: Part, url: str = "") -> Outcome:
    """Send one part by a channel that does not poll."""
    async with vendor(url or telegram.url) as made:
        adapter = made.make(account(bot), MemoryInbox())
        return await adapter.send(message, Allowed())

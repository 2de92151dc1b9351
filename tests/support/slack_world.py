"""A Slack channel and the simulator it works against."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from polyant_engine.channels.model import Account, Address, Content, Kind, Outcome, Part
from polyant_engine.channels.slack.adapter import SlackAdapter
from polyant_engine.channels.slack.vendor import SlackVendor
from polyant_engine.core import egress
from polyant_engine.core.clock import SystemClock
from polyant_engine.leadership.fence import Term
from support.inbox import MemoryInbox
from support.telegram_world import Allowed, until
from support.vendors.slack.app import App
from support.vendors.slack.simulator import Slack

TERM = cast("Term", None)  # no write of an adapter is fenced


@asynccontextmanager
async def vendor(url: str) -> AsyncIterator[SlackVendor]:
    async with egress.opened(["127.0.0.1"], connections=0) as outside:
        yield SlackVendor(outside, SystemClock(), url)


def account(app: App, **settings: Any) -> Account:
    return Account(
        id=uuid.uuid4(),
        agent_id=uuid.uuid4(),
        kind=Kind.SLACK,
        name=app.id,
        version=1,
        settings=settings,
        secrets={
            "botToken": app.bot_token,
            "appToken": app.app_token,
            "signingSecret": app.signing_secret,
        },
    )


@asynccontextmanager
async def working(
    slack: Slack, app: App, inbox: MemoryInbox | None = None, **settings: Any
) -> AsyncIterator[tuple[SlackAdapter, MemoryInbox]]:
    """A channel at work, stopped at the end."""
    inbox = inbox or MemoryInbox()
    async with vendor(slack.url) as made:
        adapter = made.make(account(app, **settings), inbox)
        await adapter.start(TERM)
        try:
            yield adapter, inbox
        finally:
            await adapter.stop()


async def connected(app: App, count: int = 1) -> None:
    """Wait until so many sockets of an app are open."""
    await until(lambda: len(app.sockets) >= count)


def part(chat: str, text: str = "hello", **more: Any) -> Part:
    given = {"content": Content(text=text), "reply_to": None, "attempt": 1, "key": "k", **more}
    address = Address(chat=chat, thread=str(given.pop("thread", "")))
    return Part(id=uuid.uuid4(), channel_id=uuid.UUID(int=7), address=address, **given)


async def sent_by(slack: Slack, app: App, message: Part, url: str = "") -> Outcome:
    """Send one part by a channel that does not receive."""
    async with vendor(url or slack.url) as made:
        return await made.make(account(app), MemoryInbox()).send(message, Allowed())

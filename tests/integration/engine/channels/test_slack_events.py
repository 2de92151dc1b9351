"""The Events API end to end: the simulator posts, replicas store in PostgreSQL, and answer then."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import pytest
import uvicorn

from polyant_engine.channels.model import Account, Inbound, Kind, LiveState, Sent, Stored
from polyant_engine.channels.ports import InboxFull
from polyant_engine.channels.slack.routes import SlackWebhooks
from polyant_engine.core import sockets
from polyant_engine.core.clock import SystemClock
from polyant_engine.core.internal_secret import InternalSecret
from polyant_engine.core.middleware.faults import Faults
from polyant_engine.core.routing import Router
from support import channel_store
from support.channel_store import ChannelStores
from support.postgres import Server
from support.slack_world import TERM, account, part, vendor
from support.telegram_world import Allowed, until
from support.twilio_world import Nobody
from support.vendors.slack.app import App
from support.vendors.slack.simulator import Slack

pytestmark = pytest.mark.integration


@dataclass
class Replica:
    """One replica's webhook; `failures` are raised before anything is stored."""

    stores: ChannelStores
    account: Account
    failures: list[Exception]
    asked: int = 0

    async def of_agent(self, slug: str, kind: Kind) -> Account | None:
        return self.account if (slug, kind) == ("helper", Kind.SLACK) else None

    async def store(
        self, account: Account, events: Sequence[Inbound], *, offset: int | None = None
    ) -> Stored:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return await self.stores.inbox.store(account, events, offset=offset)

    async def offset(self, account: Account) -> int | None:
        return await self.stores.inbox.offset(account)

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        hooks = SlackWebhooks(self, self, SystemClock())
        app = Faults(Router(hooks.endpoints(), Nobody(), InternalSecret("x" * 20)))
        listener = sockets.listen(0, "127.0.0.1")
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="none")
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]  # the test runner's
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/webhooks/slack/helper"
        finally:
            server.should_exit = True
            await task
            listener.close()


@pytest.fixture
async def stores(server: Server, migrated: str) -> AsyncIterator[ChannelStores]:
    async with channel_store.opened(server.url(migrated)) as found:
        await found.pool.execute("UPDATE channels SET kind = 'slack', account = 'A0APP'")
        yield found


@pytest.fixture
def app(slack: Slack) -> App:
    return slack.add_app()


@pytest.fixture
async def replica(slack: Slack, app: App, stores: ChannelStores) -> AsyncIterator[Replica]:
    """A replica that the simulator knows the URL of."""
    known = replace(account(app, mode="events"), id=stores.account.id)
    made = Replica(stores, known, [])
    async with made.served() as url:
        await slack.use_events_url(app, url)
        yield made


async def said(stores: ChannelStores) -> list[str]:
    rows = await stores.pool.fetch("SELECT content FROM messages ORDER BY seq")
    return [row["content"] for row in rows]


def fates(slack: Slack, count: int) -> bool:
    return len(slack.journal.find("event_acknowledged")) == count


async def test_a_mention_that_is_told_twice_is_one_message_of_one_turn(
    slack: Slack, app: App, replica: Replica
) -> None:
    ada = slack.add_person()
    channel = slack.add_channel(ada, app.bot_user)
    asked = slack.say(ada, channel, f"<@{app.bot_user}> hello \N{DOG}")
    await until(lambda: fates(slack, 2))

    assert await said(replica.stores) == ["hello \N{DOG}"]
    [turn] = await replica.stores.pool.fetch("SELECT reply_to FROM turns")
    [conversation] = await replica.stores.pool.fetch("SELECT chat, thread FROM conversations")
    assert turn["reply_to"] == asked["ts"]
    assert (conversation["chat"], conversation["thread"]) == (channel, asked["ts"])
    assert replica.asked == 2


@pytest.mark.parametrize("failure", [InboxFull(5), RuntimeError("bug")])
async def test_what_is_not_stored_is_not_answered_and_comes_again(
    slack: Slack, app: App, replica: Replica, failure: Exception
) -> None:
    replica.failures.append(failure)
    slack.write_to(app, slack.add_person(), "once")
    await until(lambda: fates(slack, 1))

    assert await said(replica.stores) == ["once"]
    assert replica.asked == 2
    [first, *_] = [e for e in slack.journal.find("event", direction="in") if "status" in e.data]
    assert first.data["status"] in (500, 503)


async def test_an_event_that_is_delivered_again_changes_nothing(
    slack: Slack, app: App, replica: Replica
) -> None:
    slack.disorder.arm(doubles=1, swaps=1)
    ada = slack.add_person()
    slack.write_to(app, ada, "one")
    slack.write_to(app, ada, "two")
    await until(lambda: fates(slack, 3))

    assert sorted(await said(replica.stores)) == ["one", "two"]


async def test_two_replicas_that_hear_the_same_store_it_once(
    slack: Slack, app: App, replica: Replica
) -> None:
    other = Replica(replica.stores, replica.account, [])
    slack.write_to(app, slack.add_person(), "one")
    await until(lambda: fates(slack, 1))
    [event] = slack.journal.find("event_created")
    async with other.served() as url:
        slack.apps[app.id].events_url = url
        slack.again(event.data["event_id"])
        await until(lambda: fates(slack, 2))

    assert await said(replica.stores) == ["one"]
    assert (replica.asked, other.asked) == (1, 1)


async def test_the_leader_opens_no_socket_and_sends(
    slack: Slack, app: App, replica: Replica
) -> None:
    direct = slack.direct(slack.add_person(), app.bot_user).id
    async with vendor(slack.url) as made:
        adapter = made.make(replica.account, replica)
        await adapter.start(TERM)
        await until(lambda: adapter.live.state is LiveState.RUNNING)
        outcome = await adapter.send(part(direct), Allowed())
        await adapter.stop()

    assert isinstance(outcome, Sent)
    assert not slack.journal.find("apps.connections.open")


async def test_every_kind_of_event_can_be_stored(slack: Slack, app: App, replica: Replica) -> None:
    ada = slack.add_person()
    direct = slack.direct(ada, app.bot_user).id
    asked = slack.write_to(app, ada, "NUL \x00 and half \ud83d")
    slack.edit(direct, asked["ts"], "edited")
    slack.delete(direct, asked["ts"])
    slack.share(ada, direct, b"x", name="a\x00.txt")
    slack.tell(app, {"type": "reaction_added", "item": {}})
    slack.tell(app, {"type": "message", "channel": "D1", "ts": "x"})
    await until(lambda: fates(slack, 6))

    states = await replica.stores.pool.fetch("SELECT state, reason FROM inbox")
    assert sorted((row["state"], row["reason"]) for row in states) == [
        ("accepted", ""),
        ("accepted", ""),
        ("ignored", "deleted"),
        ("ignored", "edited"),
        ("ignored", "unknown-kind"),
        ("ignored", "unreadable"),
    ]

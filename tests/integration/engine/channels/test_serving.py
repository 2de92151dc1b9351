"""A message of Telegram, answered by real engines: simulator, scripted model, PostgreSQL, `serve`."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bench import stack
from support import channel_engine as engines
from support.engine_process import Engine
from support.postgres import Server
from support.vendors.faults import cut
from support.vendors.telegram.bot import Bot
from support.vendors.telegram.simulator import Telegram

pytestmark = pytest.mark.integration

CHANNELS = "/api/instances/helper/channels"
RULES = """
rules:
  - match: {text: "^slow"}
    reply: "one two three four five six seven eight nine ten"
    chunks: {size: 4, delayMs: 150}
  - reply: "You said: {text}"
"""


@pytest.fixture
async def model_url(tmp_path: Path) -> AsyncIterator[str]:
    async with stack.scripted_model(tmp_path, RULES) as url:
        yield url


@pytest.fixture
def bot(server: Server, migrated: str, telegram: Telegram) -> Bot:
    """An agent with a bot."""
    made = telegram.add_bot()
    agent = engines.insert_agent(server, migrated)
    secrets = {"botToken": made.token}
    engines.insert_channel(server, migrated, agent, "telegram", str(made.id), secrets)
    return made


async def said(telegram: Telegram, text: str) -> None:
    """Wait until a text is at the vendor."""
    await telegram.journal.wait_for(
        lambda entry: entry.operation == "message_sent" and entry.data["text"] == text
    )


def log(engine: Engine) -> str:
    return engine.log.read_text()


async def test_a_message_is_answered_and_the_next_engine_goes_on(
    server: Server, migrated: str, telegram: Telegram, bot: Bot, model_url: str, tmp_path: Path
) -> None:
    ada, url = telegram.add_person("Ada"), server.url(migrated)
    at = {"TELEGRAM_API_URL": telegram.url}
    async with engines.serving(url, tmp_path, model_url, POD_NAME="a", **at) as first:
        telegram.say(bot, ada, "hello")
        await said(telegram, "You said: hello")
        async with engines.serving(url, tmp_path, model_url, POD_NAME="b", **at) as second:
            first.process.terminate()
            await engines.leads(second)
            telegram.say(bot, ada, "again")
            await said(telegram, "You said: again")

    texts = [message["text"] for message in telegram.sent(bot)]
    assert texts == ["You said: hello", "You said: again"]
    assert "Traceback" not in log(first) + log(second)


async def test_a_channel_is_configured_watched_changed_and_deleted(
    server: Server, migrated: str, telegram: Telegram, model_url: str, tmp_path: Path
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person("Ada")
    for slug in ("helper", "other"):
        await asyncio.to_thread(engines.insert_agent, server, migrated, slug)
    config = {"config": {"botToken": bot.token}}
    at = {"TELEGRAM_API_URL": telegram.url}
    async with engines.serving(server.url(migrated), tmp_path, model_url, **at) as engine:
        admin = await engines.signed_in(engine)
        made = await admin.call("PUT", f"{CHANNELS}/telegram", config)
        assert made["channel"]["config"] == {"botToken": "••••"}
        assert made["channel"]["account"] == str(bot.id)
        await admin.until(CHANNELS, lambda found: state(found) == "running")
        telegram.say(bot, ada, "hello")
        await said(telegram, "You said: hello")

        taken = await admin.ask("PUT", "/api/instances/other/channels/telegram", config)
        assert (taken.status, taken.json()["code"]) == (409, "account_taken")
        telegram.revoke(bot)
        found = await admin.until(CHANNELS, lambda found: state(found) == "failed")
        assert "token" in found["channels"][0]["live"]["reason"]

        await admin.call("PUT", f"{CHANNELS}/telegram", {"enabled": False})
        assert (await admin.call("GET", CHANNELS))["channels"][0]["live"] is None
        await admin.call("PUT", "/api/instances/other/channels/telegram", config)
        assert await admin.call("DELETE", f"{CHANNELS}/telegram") == {"deleted": True}
        assert (await admin.call("GET", CHANNELS))["channels"] == []

    assert bot.token not in log(engine)
    actions = (
        "SELECT string_agg(action, ' ' ORDER BY id) FROM audit_log WHERE object_kind = 'channel'"
    )
    done = await asyncio.to_thread(server.value, actions, migrated)
    assert done == " ".join(["channel.configured"] * 3 + ["channel.deleted"])


def state(found: dict[str, Any]) -> str:
    live = found["channels"][0]["live"]
    return "" if live is None else str(live["state"])


async def test_what_did_not_arrive_is_listed_and_sent_by_a_click(
    server: Server, migrated: str, telegram: Telegram, bot: Bot, model_url: str, tmp_path: Path
) -> None:
    ada, outbox = telegram.add_person("Ada"), "/api/instances/helper/outbox"
    telegram.faults.inject(cut(done=True), operation="sendMessage")
    at = {"TELEGRAM_API_URL": telegram.url}
    async with engines.serving(server.url(migrated), tmp_path, model_url, **at) as engine:
        admin = await engines.signed_in(engine)
        telegram.say(bot, ada, "hello")
        found = await admin.until(outbox, lambda found: found["messages"])
        assert found["counts"] == {"queued": 0, "sending": 0, "unknown": 1, "dead": 0}
        [message] = found["messages"]
        assert (message["state"], message["text"]) == ("unknown", "You said: hello")

        again = f"{outbox}/{message['id']}/resend"
        elsewhere = f"/api/instances/other/outbox/{message['id']}/resend"
        assert (await admin.ask("POST", elsewhere)).status == 404
        assert await admin.call("POST", again) == {"queued": True}
        await admin.until(outbox, lambda found: found["counts"]["unknown"] == 0)
        await telegram.journal.wait_for(lambda _: len(telegram.sent(bot)) == 2)
        assert (await admin.ask("POST", again)).status == 404

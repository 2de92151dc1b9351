"""A message of Telegram, answered by real engines: simulator, scripted model, PostgreSQL, `serve`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench import stack
from support import channel_engine as engines
from support.engine_process import Engine
from support.postgres import Server
from support.vendors.telegram.bot import Bot
from support.vendors.telegram.simulator import Telegram

pytestmark = pytest.mark.integration

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

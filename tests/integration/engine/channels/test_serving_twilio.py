"""WhatsApp and SMS, answered by a real engine: simulator, scripted model, PostgreSQL, `serve`."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import stack
from support import channel_engine as engines
from support import postgres
from support.engine_process import Engine
from support.postgres import Server
from support.twilio_channel import ADA, ADA_NUMBER, NUMBER, SENDER
from support.vendors.twilio.account import Account
from support.vendors.twilio.simulator import Twilio

pytestmark = pytest.mark.integration

RULES = """
rules:
  - reply: "You said: **{text}** \u2013 yes"
    chunks: {size: 4, delayMs: 50}
"""


@pytest.fixture
async def model_url(tmp_path: Path) -> AsyncIterator[str]:
    async with stack.scripted_model(tmp_path, RULES) as url:
        yield url


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    async with Twilio() as running:
        yield running


@pytest.fixture
def theirs(server: Server, migrated: str, twilio: Twilio) -> Account:
    """An account, configured as the channel of an agent."""
    account = twilio.add_account()
    agent = engines.insert_agent(server, migrated)
    secrets = {"authToken": account.token}
    number = engines.insert_channel(server, migrated, agent, "whatsapp", NUMBER, secrets)
    settings = {"accountSid": account.sid, "whatsappNumber": NUMBER, "smsNumber": NUMBER}
    server.execute(
        f"UPDATE channels SET settings = '{json.dumps(settings)}' WHERE id = '{number}'",  # noqa: S608  values of a test
        migrated,
    )
    return account


@pytest.fixture
async def engine(
    server: Server, migrated: str, twilio: Twilio, model_url: str, tmp_path: Path
) -> AsyncIterator[Engine]:
    port = postgres.free_port()
    at = {
        "TWILIO_API_URL": twilio.url,
        "API_PORT": str(port),
        "BASE_URL": f"http://127.0.0.1:{port}",
    }
    async with engines.serving(server.url(migrated), tmp_path, model_url, **at) as found:
        yield replace(found, main=port)


async def delivered(server: Server, database: str, count: int) -> None:
    """Wait until the engine was told of so many deliveries."""
    asked = "SELECT count(*) FROM outbox WHERE delivery = 'delivered' AND state = 'sent'"
    async with asyncio.timeout(30):
        while await asyncio.to_thread(server.value, asked, database) < count:  # noqa: ASYNC110  the database calls nobody
            await asyncio.sleep(0.05)


async def test_each_is_answered_in_its_own_way_and_its_delivery_is_known(
    server: Server, migrated: str, twilio: Twilio, theirs: Account, engine: Engine
) -> None:
    for name in (SENDER, NUMBER):
        webhook = f"http://127.0.0.1:{engine.main}/webhooks/twilio/helper/whatsapp"
        twilio.add_address(theirs, name, webhook=webhook)
    await twilio.say(theirs, ADA, SENDER, "one")
    await twilio.say(theirs, ADA_NUMBER, NUMBER, "two")
    await delivered(server, migrated, 2)

    said = {message["to"]: message["body"] for message in twilio.sent(theirs)}
    assert said == {ADA: "You said: *one* \u2013 yes", ADA_NUMBER: "You said: two - yes"}
    assert "Traceback" not in engine.log.read_text()

"""Messages of Slack, answered by a real engine: simulator, scripted model, PostgreSQL, `serve`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench import stack
from support import channel_engine as engines
from support.engine_process import Engine
from support.postgres import Server
from support.vendors.slack.app import App
from support.vendors.slack.simulator import Slack

pytestmark = pytest.mark.integration

RULES = """
rules:
  - reply: "You said: **{text}**"
    chunks: {size: 4, delayMs: 50}
"""


@pytest.fixture
async def model_url(tmp_path: Path) -> AsyncIterator[str]:
    async with stack.scripted_model(tmp_path, RULES) as url:
        yield url


def configured(server: Server, database: str, slack: Slack, slug: str, mode: str) -> App:
    """Give an agent an app."""
    app = slack.add_app(slug)
    agent = engines.insert_agent(server, database, slug)
    secrets = {
        "botToken": app.bot_token,
        "appToken": app.app_token,
        "signingSecret": app.signing_secret,
    }
    number = engines.insert_channel(server, database, agent, "slack", app.id, secrets)
    server.execute(
        f"UPDATE channels SET settings = '{{\"mode\": \"{mode}\"}}' WHERE id = '{number}'",  # noqa: S608  values of a test
        database,
    )
    return app


@pytest.fixture
def by_socket(server: Server, migrated: str, slack: Slack) -> App:
    return configured(server, migrated, slack, "sockets", "socket")


@pytest.fixture
def by_http(server: Server, migrated: str, slack: Slack) -> App:
    return configured(server, migrated, slack, "events", "events")


@pytest.fixture
async def engine(
    server: Server, migrated: str, slack: Slack, model_url: str, tmp_path: Path
) -> AsyncIterator[Engine]:
    at = {"SLACK_API_URL": slack.url}
    async with engines.serving(server.url(migrated), tmp_path, model_url, **at) as found:
        yield found


async def happened(slack: Slack, operation: str, app: App) -> None:
    """Wait for an engine that has to start and to lead first."""
    await slack.journal.wait_for(
        lambda entry: (entry.operation, entry.account) == (operation, app.id), timeout=40
    )


async def test_mentions_and_direct_messages_are_answered_over_sockets_and_by_http(
    slack: Slack, by_socket: App, by_http: App, engine: Engine
) -> None:
    ada = slack.add_person("ada")
    channel = slack.add_channel(ada, by_socket.bot_user)
    await happened(slack, "socket_open", by_socket)
    await slack.use_events_url(by_http, f"http://127.0.0.1:{engine.main}/webhooks/slack/events")
    mention = slack.say(ada, channel, f"<@{by_socket.bot_user}> one < two")
    slack.write_to(by_http, ada, "three")
    await happened(slack, "message_sent", by_socket)
    await happened(slack, "message_sent", by_http)

    (threaded,) = slack.sent(by_socket)
    (direct,) = slack.sent(by_http)
    assert threaded["text"] == "You said: *one &lt; two*"
    assert threaded["thread_ts"] == mention["ts"]
    assert threaded["blocks"][0]["elements"][0]["elements"][1] == {
        "type": "text",
        "text": "one < two",
        "style": {"bold": True},
    }
    assert direct["text"] == "You said: *three*"
    assert "thread_ts" not in direct
    assert "Traceback" not in engine.log.read_text()

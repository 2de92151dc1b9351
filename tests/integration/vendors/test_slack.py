"""slack-sdk cannot tell the simulator from Slack."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from support.vendors import faults
from support.vendors.receiver import receiving
from support.vendors.slack.app import App
from support.vendors.slack.simulator import Slack

pytestmark = pytest.mark.integration


@dataclass
class Listener:
    """What a client heard; acknowledges unless told not to."""

    acknowledges: bool = True
    heard: "asyncio.Queue[SocketModeRequest]" = field(default_factory=asyncio.Queue)

    async def __call__(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if self.acknowledges:
            answer = SocketModeResponse(envelope_id=request.envelope_id)
            await client.send_socket_mode_response(answer)
        await self.heard.put(request)

    async def events(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(10):
            return [(await self.heard.get()).payload["event"] for _ in range(count)]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack() as running:
        yield running


def api(slack: Slack, app: App) -> AsyncWebClient:
    return AsyncWebClient(token=app.bot_token, base_url=f"{slack.url}/api/")


@asynccontextmanager
async def connected(slack: Slack, app: App, listener: Listener) -> AsyncIterator[SocketModeClient]:
    client = SocketModeClient(app_token=app.app_token, web_client=api(slack, app))
    client.socket_mode_request_listeners.append(listener)
    await client.connect()  # type: ignore[no-untyped-call]  # as the SDK has it
    try:
        yield client
    finally:
        await client.close()  # type: ignore[no-untyped-call]  # as the SDK has it


async def greeted(slack: Slack, count: int = 1) -> None:
    """Wait until so many sockets were opened in all."""
    await slack.journal.wait_for(
        lambda e: e.operation == "socket_open" and e.data["socket"] == count
    )


async def test_a_direct_message_arrives_and_the_answer_comes_back_as_an_echo(slack: Slack) -> None:
    app, ada, listener = slack.add_app(), slack.add_person(), Listener()
    async with connected(slack, app, listener):
        await greeted(slack)
        slack.write_to(app, ada, "hello")
        asked = (await listener.events(1))[0]
        await api(slack, app).chat_postMessage(channel=asked["channel"], text="hi")
        echo = (await listener.events(1))[0]

    assert (asked["text"], asked["channel_type"], asked["user"]) == ("hello", "im", ada)
    assert (echo["text"], echo["bot_id"]) == ("hi", app.bot_id)
    assert [message["text"] for message in slack.sent(app)] == ["hi"]


async def test_a_mention_is_told_twice_with_the_same_time(slack: Slack) -> None:
    app, ada, listener = slack.add_app(), slack.add_person(), Listener()
    channel = slack.add_channel(ada, app.bot_user)
    async with connected(slack, app, listener):
        await greeted(slack)
        slack.say(ada, channel, f"<@{app.bot_user}> hello")
        told = await listener.events(2)

    assert sorted(event["type"] for event in told) == ["app_mention", "message"]
    assert told[0]["ts"] == told[1]["ts"]


async def test_what_nobody_acknowledges_comes_again_at_once_and_after_one_and_five_minutes(
    slack: Slack,
) -> None:
    app, ada, listener = slack.add_app(), slack.add_person(), Listener(acknowledges=False)
    slack.clock.scale(400)
    async with connected(slack, app, listener):
        await greeted(slack)
        slack.write_to(app, ada, "hello")
        async with asyncio.timeout(10):
            told = [await listener.heard.get() for _ in range(4)]
        await slack.journal.wait_for(lambda e: e.operation == "event_given_up")

    assert [each.retry_attempt for each in told] == [0, 1, 2, 3]
    assert [each.retry_reason for each in told] == ["", "timeout", "timeout", "timeout"]
    assert len({each.payload["event_id"] for each in told}) == 1
    sent = [e.at for e in slack.journal.find("socket") if e.data["message"]["type"] != "hello"]
    assert sent[3] - sent[2] > 290 / 400


async def test_an_event_that_came_while_no_socket_was_open_is_a_retry(slack: Slack) -> None:
    app, ada, listener = slack.add_app(), slack.add_person(), Listener()
    slack.write_to(app, ada, "hello")
    async with connected(slack, app, listener):
        await greeted(slack)
        slack.clock.advance(60)
        async with asyncio.timeout(10):
            told = await listener.heard.get()

    assert (told.retry_attempt, told.payload["event"]["text"]) == (2, "hello")


async def test_each_event_goes_to_one_of_several_sockets(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    one, other = Listener(), Listener()
    async with connected(slack, app, one), connected(slack, app, other):
        await greeted(slack, 2)
        for number in range(30):
            slack.write_to(app, ada, str(number))
        async with asyncio.timeout(10):
            while len(slack.journal.find("event_acknowledged")) < 30:
                await slack.journal.grown()

    assert one.heard.qsize() + other.heard.qsize() == 30
    assert one.heard.qsize()
    assert other.heard.qsize()
    hellos = [
        e.data["message"]["num_connections"]
        for e in slack.journal.find("socket")
        if e.data["message"]["type"] == "hello"
    ]
    assert hellos == [1, 2]


async def test_a_client_that_is_asked_to_refresh_comes_back_and_hears_more(slack: Slack) -> None:
    app, ada, listener = slack.add_app(), slack.add_person(), Listener()
    async with connected(slack, app, listener):
        await greeted(slack)
        await slack.refresh(app)
        await greeted(slack, 2)
        slack.write_to(app, ada, "again")

        assert (await listener.events(1))[0]["text"] == "again"


async def test_a_socket_lives_an_hour_and_is_warned(slack: Slack) -> None:
    app = slack.add_app()
    async with connected(slack, app, Listener()):
        await greeted(slack)
        slack.clock.advance(3590)
        await slack.journal.wait_for(
            lambda e: e.operation == "socket" and e.data["message"].get("reason") == "warning"
        )


async def test_a_ticket_is_good_once_and_for_thirty_seconds(slack: Slack) -> None:
    app = slack.add_app()
    client = AsyncWebClient(base_url=f"{slack.url}/api/")
    async with aiohttp.ClientSession() as session:
        url = (await client.apps_connections_open(app_token=app.app_token))["url"]
        async with session.ws_connect(url):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)
        url = (await client.apps_connections_open(app_token=app.app_token))["url"]
        slack.clock.advance(31)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_an_eleventh_socket_is_sent_away(slack: Slack) -> None:
    app = slack.add_app()
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(slack.new_ticket(app)) for _ in range(11)]
        first = await sockets[-1].receive_json()
        for socket in sockets:
            await socket.close()

    assert (first["type"], first["reason"]) == ("disconnect", "too_many_websockets")


async def test_events_by_http_are_signed_and_repeated(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    async with receiving() as receiver:
        receiver.answers = [web.Response(text="no challenge")]
        with pytest.raises(ValueError, match="did not return the challenge"):
            await slack.use_events_url(app, receiver.url)
        receiver.received.clear()
        app.events_url = receiver.url + "/events"
        receiver.answers = [web.Response(status=500)]
        slack.write_to(app, ada, "hello")
        first, again = await receiver.wait(2)

    verifier = SignatureVerifier(app.signing_secret)
    assert verifier.is_valid_request(first.body, first.headers)
    assert not verifier.is_valid_request(first.body + " ", first.headers)
    assert first.body == again.body
    assert "X-Slack-Retry-Num" not in first.headers
    assert (again.headers["X-Slack-Retry-Num"], again.headers["X-Slack-Retry-Reason"]) == (
        "1",
        "http_error",
    )


async def test_a_receiver_can_ask_not_to_be_told_again(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    async with receiving() as receiver:
        app.events_url = receiver.url
        receiver.answers = [web.Response(status=500, headers={"X-Slack-No-Retry": "1"})]
        slack.write_to(app, ada, "hello")
        fate = await slack.journal.wait_for(lambda e: e.operation == "event_given_up")

    assert fate.data["reason"] == "no_retry"
    assert len(receiver.received) == 1


async def test_edits_and_deletions_are_subtypes(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    channel = slack.add_channel(ada, app.bot_user)
    async with receiving() as receiver:
        app.events_url = receiver.url
        number = slack.say(ada, channel, "one")["ts"]
        await receiver.wait(1)
        slack.edit(channel, number, "two")
        await receiver.wait(2)
        slack.delete(channel, number)
        told = [json.loads(each.body)["event"] for each in await receiver.wait(3)]

    assert [event.get("subtype") for event in told] == [None, "message_changed", "message_deleted"]
    assert (told[1]["message"]["text"], told[1]["previous_message"]["text"]) == ("two", "one")
    assert told[2]["deleted_ts"] == number


async def test_events_can_be_doubled_and_change_places(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    async with receiving() as receiver:
        app.events_url = receiver.url
        slack.disorder.arm(swaps=1)
        slack.write_to(app, ada, "one")
        slack.write_to(app, ada, "two")
        await receiver.wait(2)
        slack.disorder.arm(doubles=1)
        slack.write_to(app, ada, "three")
        await receiver.wait(4)
        slack.again(slack.journal.find("event_created")[0].data["event_id"])
        await receiver.wait(5)

    sent = slack.journal.find("event", direction="out")
    told = [json.loads(each.data["data"])["event"]["text"] for each in sent]
    assert told == ["two", "one", "three", "three", "one"]


async def test_threads_updates_reactions_and_people(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person("ada")
    channel = slack.add_channel(ada, app.bot_user)
    slack.are_limits_kept = False
    client, asked = api(slack, app), slack.say(ada, channel, "what?")["ts"]
    told = await client.chat_postMessage(channel=channel, thread_ts=asked, text="this")
    await client.chat_update(channel=channel, ts=told["ts"], text="that")
    await client.reactions_add(channel=channel, timestamp=asked, name="eyes")
    await client.assistant_threads_setStatus(
        channel_id=channel, thread_ts=asked, status="is thinking"
    )
    thread = await client.conversations_replies(channel=channel, ts=asked)
    long = await client.chat_postMessage(channel=ada, text="a" * 40_001)

    assert [message["text"] for message in thread["messages"]] == ["what?", "that"]
    assert (await client.auth_test())["user_id"] == app.bot_user
    assert (await client.users_info(user=ada))["user"]["name"] == "ada"
    assert (await client.conversations_info(channel=channel))["channel"]["is_member"]
    assert (await client.conversations_open(users=ada))["channel"]["id"] == long["channel"]
    assert len(long["message"]["text"]) == 40_000
    assert slack.journal.find("status_set")[0].data["status"] == "is thinking"


async def test_files_go_both_ways_and_need_the_token(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    channel = slack.add_channel(ada, app.bot_user)
    client, shared = api(slack, app), slack.share(ada, channel, b"content", name="a.txt")
    url = shared["files"][0]["url_private_download"]
    async with aiohttp.ClientSession() as session:
        with_token = {"Authorization": f"Bearer {app.bot_token}"}
        async with session.get(shared["files"][0]["url_private"], headers=with_token) as answer:
            assert await answer.read() == b"content"
        async with session.get(url) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
    await client.files_upload_v2(
        channel=channel, content=b"bytes", filename="b.png", initial_comment="look"
    )
    posted = slack.sent(app)[0]
    info = await client.files_info(file=posted["files"][0]["id"])

    assert posted["text"] == "look"
    assert info["file"]["size"] == 5


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
@pytest.mark.parametrize(
    ("error", "asked"),
    [
        ("channel_not_found", {"channel": "C123", "text": "a"}),
        ("not_in_channel", {"channel": "foreign", "text": "a"}),
        ("no_text", {"channel": "own", "text": ""}),
        ("thread_not_found", {"channel": "own", "text": "a", "thread_ts": "1.2"}),
        (
            "invalid_blocks",
            {
                "channel": "own",
                "text": "a",
                "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "a" * 3001}}],
            },
        ),
        (
            "msg_blocks_too_long",
            {
                "channel": "own",
                "text": "a",
                "blocks": [{"type": "markdown", "text": "a" * 7000}] * 2,
            },
        ),
    ],
)
async def test_refusals_have_the_vendors_words(
    slack: Slack, error: str, asked: dict[str, Any]
) -> None:
    app, ada = slack.add_app(), slack.add_person()
    own, foreign = slack.add_channel(ada, app.bot_user), slack.add_channel(ada)
    channel = {"own": own, "foreign": foreign}.get(asked["channel"], asked["channel"])
    with pytest.raises(SlackApiError) as told:
        await api(slack, app).chat_postMessage(**{**asked, "channel": channel})

    assert told.value.response.status_code == 200
    assert told.value.response["error"] == error


async def test_dead_tokens_say_why(slack: Slack) -> None:
    app = slack.add_app()
    client = api(slack, app)
    for error in ("token_revoked", "account_inactive"):
        slack.kill_token(app, error=error)
        with pytest.raises(SlackApiError, match=error):
            await client.auth_test()
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await client.auth_test(token="xoxb-nobody")
    other = slack.add_app()
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await client.apps_connections_open(app_token=other.bot_token)


async def test_a_channel_takes_one_message_a_second_and_the_sdk_waits(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    client = api(slack, app)
    await client.chat_postMessage(channel=ada, text="one")
    with pytest.raises(SlackApiError) as told:
        await client.chat_postMessage(channel=ada, text="two")
    assert told.value.response.status_code == 429
    assert told.value.response.headers["Retry-After"] == "1"
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    await client.chat_postMessage(channel=ada, text="three")

    assert [message["text"] for message in slack.sent(app)] == ["one", "three"]


async def test_a_cut_after_the_work_leaves_a_message_its_sender_does_not_know(
    slack: Slack,
) -> None:
    app, ada = slack.add_app(), slack.add_person()
    client = api(slack, app)
    client.retry_handlers.clear()
    slack.faults.inject(faults.cut(done=True), operation="chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=ada, text="done")

    assert [message["text"] for message in slack.sent(app)] == ["done"]

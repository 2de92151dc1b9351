"""What comes in from Slack over sockets: a channel and the simulator, over real connections."""

import asyncio

import pytest
from aiohttp import web

from polyant_engine.channels.model import Address, Attachment, AttachmentKind, LiveState
from polyant_engine.channels.ports import Vendor
from polyant_engine.channels.slack.sockets import OTHER_PROGRAM
from polyant_engine.core.errors import UpstreamFailed
from support.inbox import MemoryInbox
from support.slack_world import TERM, account, connected, vendor, working
from support.telegram_world import until
from support.vendors import faults
from support.vendors.faults import Fault
from support.vendors.receiver import receiving
from support.vendors.slack.app import App
from support.vendors.slack.simulator import Slack

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open the second socket without waiting."""
    monkeypatch.setattr("polyant_engine.channels.slack.sockets.APART_SECONDS", 0.02)


def acknowledged(slack: Slack) -> int:
    return len(slack.journal.find("event_acknowledged"))


async def test_what_people_write_arrives_and_is_acknowledged_after_it_is_stored(
    slack: Slack,
) -> None:
    app, ada = slack.add_app(), slack.add_person("ada")
    async with working(slack, app) as (adapter, inbox):
        await connected(app, 2)
        slack.write_to(app, ada, "hello 🙂")
        (heard,) = await inbox.heard(1)
        await until(lambda: acknowledged(slack) == 1)
        assert adapter.live.state is LiveState.RUNNING

    assert (heard.text, heard.sender_id) == ("hello 🙂", ada)
    assert not slack.journal.find("event_given_up")
    assert not app.sockets


async def test_a_mention_that_is_told_twice_is_one_message_in_a_thread(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    channel = slack.add_channel(ada, app.bot_user)
    async with working(slack, app) as (_, inbox):
        await connected(app, 2)
        slack.say(ada, channel, "among us")
        asked = slack.say(ada, channel, f"<@{app.bot_user}> what is this?")
        await until(lambda: acknowledged(slack) == 3)

    (heard,) = inbox.messages
    assert inbox.known == 1
    assert heard.text == "what is this?"
    assert heard.address == Address(chat=channel, thread=asked["ts"])


async def test_edits_deletions_and_the_apps_own_words_are_remembered_and_not_answered(
    slack: Slack,
) -> None:
    app, ada = slack.add_app(), slack.add_person()
    async with working(slack, app) as (_, inbox):
        await connected(app, 2)
        asked = slack.write_to(app, ada, "helo")
        direct = slack.direct(ada, app.bot_user).id
        slack.edit(direct, asked["ts"], "hello")
        slack.delete(direct, asked["ts"])
        slack.post(
            slack.channels[direct], {"bot_id": app.bot_id, "user": app.bot_user, "text": "x"}
        )
        await until(lambda: acknowledged(slack) == 4)

    assert [each.text for each in inbox.messages] == ["helo"]
    assert {each.reason for each in inbox.events.values()} == {"", "edited", "deleted", "from-bot"}


async def test_what_was_not_stored_comes_again_and_is_stored_once(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    slack.clock.scale(60)
    inbox = MemoryInbox(failures=[RuntimeError("no")])
    async with working(slack, app, inbox):
        await connected(app, 2)
        slack.write_to(app, ada, "once")
        await inbox.heard(1)
        await until(lambda: acknowledged(slack) == 1)

    assert len(inbox.events) == 1


async def test_what_is_written_while_nobody_leads_is_heard_by_the_next_leader(
    slack: Slack,
) -> None:
    app, ada = slack.add_app(), slack.add_person()
    async with working(slack, app) as (_, inbox):
        await connected(app, 2)
    slack.write_to(app, ada, "meanwhile")
    await slack.journal.wait_for(lambda entry: entry.operation == "event_created")
    async with working(slack, app, inbox):
        await connected(app, 2)
        slack.clock.advance(61)
        await inbox.heard(1)

    assert [each.text for each in inbox.messages] == ["meanwhile"]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_renewal_loses_nothing_and_needs_no_second_try(slack: Slack, reason: str) -> None:
    app, ada = slack.add_app(), slack.add_person()
    async with working(slack, app) as (adapter, inbox):
        await connected(app, 2)
        before = len(slack.journal.find("socket_open"))
        await slack.refresh(app, reason, count=1)
        for number in range(20):
            slack.write_to(app, ada, str(number))
            await asyncio.sleep(0.01)
        await until(lambda: len(slack.journal.find("socket_open")) > before)
        await inbox.heard(20)
        await until(lambda: acknowledged(slack) == 20)
        assert adapter.live.state in (LiveState.RUNNING, LiveState.DEGRADED)

    attempts = [
        entry.data["message"]["retry_attempt"]
        for entry in slack.journal.find("socket", direction="out")
        if entry.data["message"].get("type") == "events_api"
    ]
    assert attempts == [0] * 20


async def test_every_connection_that_is_cut_is_opened_again(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    async with working(slack, app) as (adapter, inbox):
        await connected(app, 2)
        slack.cut_all()
        await until(lambda: len(slack.journal.find("socket_open")) >= 4)
        slack.write_to(app, ada, "hello")
        await inbox.heard(1)
        await until(lambda: adapter.live.state is LiveState.RUNNING)


@pytest.mark.parametrize(
    "fault", [faults.bad_gateway(), faults.failing(500), faults.cut(done=False)]
)
@pytest.mark.parametrize("operation", ["auth.test", "apps.connections.open"])
async def test_what_fails_at_the_start_is_told_and_tried_again(
    slack: Slack, operation: str, fault: Fault
) -> None:
    app = slack.add_app()
    slack.faults.inject(fault, operation=operation)
    async with working(slack, app) as (adapter, _):
        await until(lambda: adapter.live.state is LiveState.DEGRADED)
        assert adapter.live.next_try is not None
        await until(lambda: adapter.live.state is LiveState.RUNNING)


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        ("bot", "invalid_auth", "bot token (xoxb-) with invalid_auth: copy a new one"),
        ("bot", "account_inactive", "bot token (xoxb-) with account_inactive"),
        ("app", "token_revoked", "app-level token (xapp-) with token_revoked"),
        ("app", "missing_scope", "missing_scope: add the scope that is missing at"),
    ],
)
async def test_a_refused_token_ends_the_channel_and_is_named(
    slack: Slack, kind: str, error: str, said: str
) -> None:
    app = slack.add_app()
    slack.kill_token(app, kind, error)
    async with working(slack, app) as (adapter, _):
        await until(lambda: adapter.live.state is LiveState.FAILED)
        asked = len(slack.journal.find(direction="in"))
        await asyncio.sleep(0.3)

        assert len(slack.journal.find(direction="in")) == asked
        assert said in adapter.live.reason
        assert app.bot_token not in adapter.live.reason
        assert adapter.live.next_try is None


async def test_a_second_program_with_the_same_token_is_noticed(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polyant_engine.channels.slack.sockets.LOOK_AGAIN_SECONDS", 0.2)
    app = slack.add_app()
    async with working(slack, app):
        await connected(app, 2)
        async with working(slack, app) as (second, _):
            await until(lambda: second.live.reason == OTHER_PROGRAM)


async def test_files_are_fetched_when_they_are_wanted(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    direct = slack.direct(ada, app.bot_user).id
    async with working(slack, app) as (_, inbox), vendor(slack.url) as made:
        await connected(app, 2)
        slack.share(ada, direct, b"PNG" * 100, name="a.png", text="look")
        (heard,) = await inbox.heard(1)
        (file,) = heard.attachments
        await until(lambda: acknowledged(slack) == 1)
        by_id = type(file)(kind=file.kind, reference=next(iter(slack.files)))

        assert await made.fetch(account(app), file, 1000) == b"PNG" * 100
        assert await made.fetch(account(app), file, 299) is None
        assert await made.fetch(account(app), by_id, 299) is None
        assert await made.fetch(account(app), by_id, 1000) == b"PNG" * 100

    assert heard.text == "look"


async def test_a_sign_in_page_is_no_file(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    shared = slack.keep_file(ada, "a.png", b"PNG")
    known, scope = account(app), "files:read"
    page = Attachment(kind=AttachmentKind.PHOTO, reference=shared["url_private"])
    async with vendor(slack.url) as made:
        assert await made.fetch(known, page, 100) == b"PNG"
        slack.kill_token(app)
        with pytest.raises(UpstreamFailed, match=scope):
            await made.fetch(known, page, 10_000)


async def test_the_token_is_told_to_nobody_else(slack: Slack) -> None:
    app = slack.add_app()
    async with receiving() as stranger, vendor(slack.url) as made:
        for reference in (f"{stranger.url}/a.png", "http://169.254.169.254/latest/meta-data"):
            elsewhere = Attachment(kind=AttachmentKind.PHOTO, reference=reference)
            with pytest.raises(UpstreamFailed, match="not Slack's"):
                await made.fetch(account(app), elsewhere, 100)
        assert stranger.received == []

        led = Fault(status=302, headers={"Location": f"{stranger.url}/b.png"})
        slack.faults.inject(led, operation="file")
        away = Attachment(kind=AttachmentKind.PHOTO, reference=f"{slack.url}/files-pri/T-F/a.png")
        await made.fetch(account(app), away, 100)

    (received,) = stranger.received
    assert "authorization" not in {name.lower() for name in received.headers}


async def test_a_file_that_is_gone_is_none(slack: Slack) -> None:
    app = slack.add_app()
    async with vendor(slack.url) as made:
        gone = Attachment(kind=AttachmentKind.PHOTO, reference="F0GONE")
        assert await made.fetch(account(app), gone, 100) is None
        slack.faults.inject(Fault(status=404, body="gone"), operation="file")
        lost = Attachment(kind=AttachmentKind.PHOTO, reference=f"{slack.url}/files-pri/T-F/a.png")
        assert await made.fetch(account(app), lost, 100) is None


async def test_many_apps_are_connected_at_once(slack: Slack) -> None:
    apps: list[App] = [slack.add_app(f"app{number}") for number in range(30)]
    inbox = MemoryInbox()
    async with vendor(slack.url) as made:
        adapters = [made.make(account(app), inbox) for app in apps]
        await asyncio.gather(*(adapter.start(TERM) for adapter in adapters))
        await until(lambda: all(len(app.sockets) == 2 for app in apps))
        async with asyncio.timeout(1.8):
            await asyncio.gather(*(adapter.stop() for adapter in adapters))

    assert all(adapter.live.state is LiveState.RUNNING for adapter in adapters)


async def test_a_vendor_that_never_hangs_up_does_not_keep_a_channel_from_stopping() -> None:
    """A leader has 1.8 s to stop all of its channels."""

    async def call(_: web.Request) -> web.Response:
        told = {"team_id": "T1", "user_id": "U1", "url": f"ws://127.0.0.1:{port}/socket"}
        return web.json_response({"ok": True, **told})

    async def socket(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse(autoclose=False)
        await response.prepare(request)
        await response.send_json({"type": "hello", "num_connections": 1})
        await asyncio.sleep(30)  # reads nothing, so it hears of no end
        return response

    app = web.Application()
    app.router.add_post("/api/{method}", call)
    app.router.add_get("/socket", socket)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with Slack() as known, vendor(f"http://127.0.0.1:{port}") as made:
        adapter = made.make(account(known.add_app()), MemoryInbox())
        await adapter.start(TERM)
        await until(lambda: adapter.live.state is LiveState.RUNNING)
        async with asyncio.timeout(1.8):
            await adapter.stop()
    await runner.cleanup()


async def test_it_is_a_vendor_as_the_channels_know_them(slack: Slack) -> None:
    app = slack.add_app()
    async with vendor(slack.url) as made:
        known: Vendor = made
        known.preload()

        assert known.account_name({}, account(app).secrets) == app.id

"""What goes out to Slack, over real connections to the simulator."""

import socket

import pytest

from polyant_engine.channels import model
from polyant_engine.channels.model import Address, Content, LiveState, RetryAfter, Sent, Unknown
from polyant_engine.channels.ports import PermitExpired
from polyant_engine.channels.slack.vendor import SlackVendor
from support.inbox import MemoryInbox
from support.slack_world import account, part, sent_by, vendor, working
from support.telegram_world import Allowed, until
from support.vendors import faults
from support.vendors.faults import Fault
from support.vendors.slack.simulator import Slack

pytestmark = pytest.mark.integration

POST = "chat.postMessage"


def calls(slack: Slack, method: str = POST) -> int:
    return len(slack.journal.find(method, direction="in"))


async def test_a_message_is_sent_into_its_thread_as_it_was_rendered(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    channel = slack.add_channel(ada, app.bot_user)
    asked = slack.say(ada, channel, f"<@{app.bot_user}> hi")
    (content,) = SlackVendor.renderer.render("# Title\n\n**bold** 🙂 `a<b`")

    outcome = await sent_by(slack, app, part(channel, content=content, thread=asked["ts"]))

    (sent,) = slack.sent(app)
    assert outcome == Sent(sent["ts"])
    assert sent["thread_ts"] == asked["ts"]
    assert sent["text"] == "*Title*\n\n*bold* 🙂 `a&lt;b`"
    assert sent["blocks"] == content.formatting["blocks"]


async def test_a_long_answer_arrives_whole(slack: Slack) -> None:
    slack.are_limits_kept = False
    app, ada = slack.add_app(), slack.add_person()
    direct = slack.direct(ada, app.bot_user).id
    answer = "\n\n".join(f"**{number}** is a number 😀 as any other." for number in range(400))

    contents = SlackVendor.renderer.render(answer)
    outcomes = [await sent_by(slack, app, part(direct, content=each)) for each in contents]

    assert len(contents) > 2
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    said = " ".join(message["text"] for message in slack.sent(app))
    assert said.replace("*", "").split() == answer.replace("*", "").split()


@pytest.mark.parametrize("blocks", [[{"type": "rich_text", "elements": []}], [{}] * 51])
async def test_looks_that_are_refused_are_left_away(slack: Slack, blocks: list[object]) -> None:
    app, ada = slack.add_app(), slack.add_person()
    direct = slack.direct(ada, app.bot_user).id

    content = Content(text="hi", formatting={"blocks": blocks})
    outcome = await sent_by(slack, app, part(direct, content=content))

    assert isinstance(outcome, Sent)
    assert [message["text"] for message in slack.sent(app)] == ["hi"]
    assert calls(slack) == 2


@pytest.mark.parametrize(
    ("fault", "has_arrived"),
    [
        (faults.cut(done=True), True),
        (faults.cut(done=False), False),
        (faults.bad_gateway(done=True), True),
        (faults.failing(500), False),
        (faults.failing(200, body="{}"), False),
        (faults.failing(200, body='{"ok":false,"error":"internal_error"}', done=True), True),
    ],
)
async def test_doubt_is_said_to_be_doubt(
    slack: Slack,
    fault: Fault,
    has_arrived: bool,  # noqa: FBT001  a parameter of the table
) -> None:
    app, ada = slack.add_app(), slack.add_person()
    slack.faults.inject(fault, operation=POST)

    outcome = await sent_by(slack, app, part(slack.direct(ada, app.bot_user).id))

    assert isinstance(outcome, Unknown)
    assert app.bot_token not in outcome.reason
    assert len(slack.sent(app)) == has_arrived
    assert calls(slack) == 1


async def test_what_was_never_written_is_no_doubt(slack: Slack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    outcome = await sent_by(slack, slack.add_app(), part("D1A2B"), f"http://127.0.0.1:{port}")

    assert outcome == model.Refused(reason="127.0.0.1 cannot be reached.", is_permanent=False)


async def test_a_channel_without_the_app_is_a_dead_letter_that_says_what_to_do(
    slack: Slack,
) -> None:
    app, ada = slack.add_app(), slack.add_person()

    outcome = await sent_by(slack, app, part(slack.add_channel(ada)))

    assert outcome == model.Refused(
        reason="not_in_channel: invite the app to the channel.", is_permanent=True
    )


async def test_a_channel_that_is_written_to_too_fast_has_to_wait(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    direct = slack.direct(ada, app.bot_user).id

    await sent_by(slack, app, part(direct))
    outcome = await sent_by(slack, app, part(direct))

    assert isinstance(outcome, RetryAfter)
    assert (outcome.seconds, outcome.whole_account) == (1, False)


async def test_limits_of_many_channels_are_the_whole_apps(slack: Slack) -> None:
    app = slack.add_app()
    limited = Fault(status=429, body='{"ok":false}', headers={"Retry-After": "30"})
    slack.faults.inject(limited, operation=POST, times=3)
    async with vendor(slack.url) as made:
        adapter = made.make(account(app), MemoryInbox())
        outcomes = [await adapter.send(part(f"D{n}A2B"), Allowed()) for n in range(3)]

    assert [each.whole_account for each in outcomes if isinstance(each, RetryAfter)] == [
        False,
        False,
        True,
    ]


async def test_the_permit_is_asked_for_last_and_nothing_is_sent_without_it(slack: Slack) -> None:
    app, ada = slack.add_app(), slack.add_person()
    direct = slack.direct(ada, app.bot_user).id
    async with vendor(slack.url) as made:
        adapter = made.make(account(app), MemoryInbox())
        expired = Allowed(is_over=True)
        with pytest.raises(PermitExpired):
            await adapter.send(part(direct), expired)
        valid = Allowed(look=lambda: calls(slack))
        outcome = await adapter.send(part(direct), valid)

    assert len(expired.checks) == 1
    assert valid.checks == [0]
    assert isinstance(outcome, Sent)
    assert calls(slack) == 1


async def test_a_token_that_is_revoked_while_it_works_ends_the_channel_and_keeps_what_waits(
    slack: Slack,
) -> None:
    app, ada = slack.add_app(), slack.add_person()
    direct = slack.direct(ada, app.bot_user).id
    async with working(slack, app) as (adapter, _):
        await until(lambda: adapter.live.state is LiveState.RUNNING)
        slack.kill_token(app)
        outcome = await adapter.send(part(direct), Allowed())
        await until(lambda: not app.sockets)

        assert isinstance(outcome, model.Refused)
        assert not outcome.is_permanent
        assert adapter.live.state is LiveState.FAILED
        assert "bot token (xoxb-) with token_revoked" in adapter.live.reason


async def test_that_the_app_is_at_work_shows_in_threads_until_it_answers(slack: Slack) -> None:
    slack.are_limits_kept = False
    app, ada = slack.add_app(), slack.add_person()
    channel = slack.add_channel(ada, app.bot_user)
    thread = slack.say(ada, channel, "hi")["ts"]
    async with vendor(slack.url) as made:
        adapter = made.make(account(app), MemoryInbox())
        for place in ("", thread, thread):
            await adapter.typing(Address(chat=channel, thread=place))
        await adapter.send(part(channel, thread=thread), Allowed())
        await adapter.typing(Address(chat=channel, thread=thread))

    assert len(slack.journal.find("status_set")) == 2


async def test_an_app_that_may_not_show_it_is_asked_once_and_works_on(slack: Slack) -> None:
    method = "assistant.threads.setStatus"
    app = slack.add_app()
    async with vendor(slack.url) as made:
        adapter = made.make(account(app), MemoryInbox())
        slack.faults.inject(faults.failing(500), operation=method)
        await adapter.typing(Address(chat="C1A2B", thread="1700000000.000001"))
        refused = Fault(status=200, body='{"ok":false,"error":"missing_scope"}')
        slack.faults.inject(refused, operation=method)
        for number in range(2, 5):
            await adapter.typing(Address(chat="C1A2B", thread=f"1700000000.00000{number}"))

        assert calls(slack, method) == 2
        assert adapter.live.state is LiveState.STARTING

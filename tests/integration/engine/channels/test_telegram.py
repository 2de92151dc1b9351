"""A Telegram channel against the simulator, over real connections."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from polyant_engine.channels import model
from polyant_engine.channels.model import (
    Account,
    Address,
    Attachment,
    AttachmentKind,
    Content,
    Kind,
    LiveState,
    Outcome,
    Part,
    RetryAfter,
    Sent,
    Unknown,
)
from polyant_engine.channels.ports import PermitExpired, Vendor
from polyant_engine.channels.telegram.adapter import TelegramAdapter
from polyant_engine.channels.telegram.polling import OTHER_POLLER, REJECTED
from polyant_engine.channels.telegram.vendor import TelegramVendor
from polyant_engine.core import egress
from polyant_engine.core.clock import SystemClock
from polyant_engine.leadership.fence import Term
from support.inbox import MemoryInbox
from support.vendors import faults
from support.vendors.faults import Fault
from support.vendors.telegram.bot import Bot
from support.vendors.telegram.simulator import Telegram

pytestmark = pytest.mark.integration

TERM = cast("Term", None)  # no write of an adapter is fenced
DAY = 24 * 3600


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram() as running:
        yield running


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


async def test_what_people_write_arrives_and_is_confirmed_after_it_is_stored(
    telegram: Telegram,
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person("Ada")
    telegram.say(bot, ada, "before")

    async with working(telegram, bot) as (adapter, inbox):
        await inbox.heard(1)
        telegram.say(bot, ada, "after 🙂")
        first, second = await inbox.heard(2)
        await telegram.journal.wait_for(
            lambda entry: (
                entry.operation == "update_confirmed"
                and entry.data["update_id"] + 1 == inbox.offsets[-1]
            )
        )
        assert adapter.live.state is LiveState.RUNNING

    assert [first.text, second.text] == ["before", "after 🙂"]
    assert not bot.queue.waiting


async def test_after_a_stop_no_request_is_left_and_the_next_leader_goes_on(
    telegram: Telegram,
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "one")
    async with working(telegram, bot) as (_, inbox):
        await telegram.journal.wait_for(lambda entry: entry.operation == "poll_waits")

    await telegram.journal.wait_for(lambda entry: entry.operation == "caller_gone")
    telegram.say(bot, ada, "two")
    async with working(telegram, bot, inbox):
        heard = await inbox.heard(2)

    assert [each.text for each in heard] == ["one", "two"]
    assert inbox.known == 0


async def test_an_update_that_was_stored_and_not_confirmed_is_stored_once(
    telegram: Telegram,
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    async with working(telegram, bot) as (_, inbox):
        telegram.say(bot, ada, "once")
        await inbox.heard(1)
        await until(lambda: not bot.queue.waiting)
    bot.queue.bring_back(1)
    inbox.offsets.clear()  # the database came back without its last commit
    async with working(telegram, bot, inbox):
        await until(lambda: inbox.known > 0)

    assert len(inbox.messages) == 1


async def test_ids_that_begin_anew_after_an_idle_week_lose_nothing(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    async with working(telegram, bot) as (_, inbox):
        telegram.say(bot, ada, "old")
        await inbox.heard(1)
        await until(lambda: not bot.queue.waiting)
        telegram.clock.advance(8 * DAY)
        telegram.say(bot, ada, "new")
        telegram.say(bot, ada, "newer")
        await inbox.heard(3)
        await until(lambda: not bot.queue.waiting)

    offsets = [offset or 0 for offset in inbox.offsets]
    assert min(offsets[1:]) < offsets[0]
    assert [each.text for each in inbox.messages] == ["old", "new", "newer"]


async def test_a_group_is_heard_when_it_speaks_to_the_bot(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot("helper_bot", privacy=False), telegram.add_person()
    team = telegram.add_group([bot], topics=[4])
    async with working(telegram, bot) as (_, inbox):
        telegram.say(bot, ada, "among us", chat=team)
        telegram.say(bot, ada, "@helper_bot what is this?", chat=team, thread=4)
        (heard,) = await inbox.heard(1)
        await until(lambda: len(inbox.events) == 2)

    assert heard.text == "what is this?"
    assert heard.address == Address(chat=str(team), thread="4")
    assert {each.reason for each in inbox.events.values()} == {"", "not-addressed"}


async def test_a_photo_is_fetched_when_it_is_wanted(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    async with working(telegram, bot) as (_, inbox), vendor(telegram.url) as made:
        telegram.send_kind(bot, ada, "photo", content=b"JPEG" * 100, caption="look")
        (heard,) = await inbox.heard(1)
        (photo,) = heard.attachments
        gone = Attachment(kind=AttachmentKind.PHOTO, reference="gone")

        assert await made.fetch(account(bot), photo, 1000) == b"JPEG" * 100
        assert await made.fetch(account(bot), photo, 399) is None
        assert await made.fetch(account(bot), gone, 1000) is None


async def test_a_second_poller_is_told(telegram: Telegram) -> None:
    bot = telegram.add_bot()
    async with working(telegram, bot) as (first, _):
        await telegram.journal.wait_for(lambda entry: entry.operation == "poll_waits")
        async with working(telegram, bot):
            await until(lambda: first.live.state is LiveState.DEGRADED)

    assert first.live.reason == OTHER_POLLER
    assert first.live.next_try is not None


async def test_a_revoked_token_ends_the_channel(telegram: Telegram) -> None:
    bot = telegram.add_bot()
    async with working(telegram, bot) as (adapter, _):
        await telegram.journal.wait_for(lambda entry: entry.operation == "poll_waits")
        telegram.revoke(bot)
        await until(lambda: adapter.live.state is LiveState.FAILED)
        asked = len(telegram.journal.find(direction="in"))
        await asyncio.sleep(0.3)

    assert adapter.live.reason == REJECTED
    assert len(telegram.journal.find(direction="in")) == asked


@pytest.mark.parametrize(
    "fault",
    [faults.bad_gateway(), faults.failing(500), faults.cut(done=False), faults.cut(done=True)],
)
async def test_a_failed_poll_is_tried_again_and_loses_nothing(
    telegram: Telegram, fault: Fault
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.faults.inject(fault, operation="getUpdates")
    telegram.say(bot, ada, "hello")
    async with working(telegram, bot) as (adapter, inbox):
        await until(lambda: adapter.live.state is LiveState.DEGRADED)
        await inbox.heard(1)
        await until(lambda: adapter.live.state is LiveState.RUNNING)


async def test_a_message_is_sent_as_it_was_rendered(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    asked = telegram.say(bot, ada, "hi")
    (content,) = TelegramVendor.renderer.render("# Title\n\n**bold** 🙂 `code`")

    message = part(ada, content=content, reply_to=str(asked["message_id"]))
    outcome = await sent_by(telegram, bot, message)

    (sent,) = telegram.sent(bot)
    assert outcome == Sent(str(sent["message_id"]))
    assert sent["text"] == "Title\n\nbold 🙂 code"
    assert [each["type"] for each in sent["entities"]] == ["bold", "bold", "code"]
    assert sent["reply_to_message"]["message_id"] == asked["message_id"]


async def test_a_long_answer_arrives_whole(telegram: Telegram) -> None:
    telegram.limits.are_kept = False
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "hi")
    answer = "\n\n".join(f"**{number}** is a number 😀 as any other." for number in range(400))

    contents = TelegramVendor.renderer.render(answer)
    outcomes = [await sent_by(telegram, bot, part(ada, content=each)) for each in contents]

    assert len(contents) > 2
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    said = "".join(message["text"] for message in telegram.sent(bot))
    assert said == answer.replace("*", "")


async def test_a_file_is_sent_with_its_caption(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    given = telegram.send_kind(bot, ada, "photo", content=b"JPEG")
    file = Attachment(kind=AttachmentKind.PHOTO, reference=given["photo"][-1]["file_id"])

    outcome = await sent_by(
        telegram, bot, part(ada, content=Content(text="yours", attachments=[file]))
    )

    assert isinstance(outcome, Sent)
    assert telegram.sent(bot)[0]["caption"] == "yours"


@pytest.mark.parametrize(
    ("fault", "has_arrived"),
    [
        (faults.cut(done=True), True),
        (faults.cut(done=False), False),
        (faults.bad_gateway(done=True), True),
        (faults.failing(500), False),
        (faults.failing(200, body="{}"), False),
    ],
)
async def test_doubt_is_said_to_be_doubt(
    telegram: Telegram,
    fault: Fault,
    has_arrived: bool,  # noqa: FBT001  a parameter of the table
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "hi")
    telegram.faults.inject(fault, operation="sendMessage")

    outcome = await sent_by(telegram, bot, part(ada))

    assert isinstance(outcome, Unknown)
    assert bot.token not in outcome.reason
    assert len(telegram.sent(bot)) == has_arrived
    assert len(telegram.journal.find("sendMessage", direction="in")) == 1


async def test_what_was_never_written_is_no_doubt(telegram: Telegram) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    outcome = await sent_by(telegram, telegram.add_bot(), part(5), f"http://127.0.0.1:{port}")

    assert outcome == model.Refused(reason="127.0.0.1 cannot be reached.", is_permanent=False)


async def test_somebody_who_blocked_the_bot_is_not_written_to_again(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "hi")
    telegram.block(bot, ada)

    outcome = await sent_by(telegram, bot, part(ada))

    assert outcome == model.Refused(
        reason="Forbidden: bot was blocked by the user", is_permanent=True
    )


async def test_a_chat_that_is_written_to_too_fast_has_to_wait(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "hi")

    await sent_by(telegram, bot, part(ada))
    outcome = await sent_by(telegram, bot, part(ada))

    assert isinstance(outcome, RetryAfter)
    assert (outcome.seconds, outcome.whole_account) == (1, False)


async def test_a_group_that_became_a_supergroup_is_found_again(telegram: Telegram) -> None:
    bot, _ = telegram.add_bot(), telegram.add_person()
    old = telegram.add_group([bot], kind="group")
    new = telegram.upgrade(old)
    telegram.limits.are_kept = False
    async with vendor(telegram.url) as made:
        adapter = made.make(account(bot), MemoryInbox())
        outcomes = [await adapter.send(part(old), Allowed()) for _ in range(2)]
        await adapter.typing(Address(chat=str(old)))

    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert [message["chat"]["id"] for message in telegram.sent(bot)] == [new, new]
    assert len(telegram.journal.find("sendMessage", direction="in")) == 3
    assert telegram.journal.find("typing")[0].data["chat_id"] == new


async def test_the_permit_is_asked_for_last_and_nothing_is_sent_without_it(
    telegram: Telegram,
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "hi")
    async with vendor(telegram.url) as made:
        adapter = made.make(account(bot), MemoryInbox())
        expired = Allowed(is_over=True)
        with pytest.raises(PermitExpired):
            await adapter.send(part(ada), expired)
        valid = Allowed(look=lambda: len(telegram.journal.find("sendMessage", direction="in")))
        outcome = await adapter.send(part(ada), valid)

    assert len(expired.checks) == 1
    assert valid.checks == [0]
    assert isinstance(outcome, Sent)
    assert len(telegram.journal.find("sendMessage", direction="in")) == 1


async def test_typing_is_shown_and_its_failure_is_nobodys(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "hi")
    telegram.faults.inject(faults.failing(500), operation="sendChatAction")
    async with vendor(telegram.url) as made:
        adapter = made.make(account(bot), MemoryInbox())
        await adapter.typing(Address(chat=str(ada)))
        await adapter.typing(Address(chat=str(ada)))

    assert len(telegram.journal.find("typing")) == 1


async def test_more_bots_than_a_pool_has_connections_poll_at_once(telegram: Telegram) -> None:
    bots = [telegram.add_bot(f"b{number}_bot") for number in range(220)]
    inbox = MemoryInbox()
    async with vendor(telegram.url) as made:
        adapters = [made.make(account(bot), inbox) for bot in bots]
        await asyncio.gather(*(adapter.start(TERM) for adapter in adapters))
        await until(lambda: all(bot.polls for bot in bots))
        await asyncio.gather(*(adapter.stop() for adapter in adapters))

    assert all(adapter.live.state is LiveState.RUNNING for adapter in adapters)


async def test_it_is_a_vendor_as_the_channels_know_them(telegram: Telegram) -> None:
    bot = telegram.add_bot()
    async with vendor(telegram.url) as made:
        known: Vendor = made
        known.preload()

        assert known.account_name({}, {"botToken": bot.token}) == str(bot.id)

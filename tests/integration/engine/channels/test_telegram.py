"""What comes in from Telegram: a channel polls the simulator, over real connections."""

import asyncio

import pytest

from polyant_engine.channels.model import (
    Address,
    Attachment,
    AttachmentKind,
    LiveState,
)
from polyant_engine.channels.ports import Vendor
from polyant_engine.channels.telegram.polling import OTHER_POLLER, REJECTED
from support.inbox import MemoryInbox
from support.telegram_world import (
    DAY,
    TERM,
    account,
    until,
    vendor,
    working,
)
from support.vendors import faults
from support.vendors.faults import Fault
from support.vendors.telegram.simulator import Telegram

pytestmark = pytest.mark.integration


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

"""aiogram cannot tell the simulator from Telegram."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram import Bot as Client
from aiogram import Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import BufferedInputFile, Message, MessageEntity, ReplyParameters
from aiohttp import web

from support.vendors import faults
from support.vendors.receiver import receiving
from support.vendors.telegram.bot import Bot
from support.vendors.telegram.refusals import Refused
from support.vendors.telegram.simulator import Telegram

pytestmark = pytest.mark.integration

DAY = 24 * 3600


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram() as running:
        yield running


@asynccontextmanager
async def client(telegram: Telegram, bot: Bot) -> AsyncIterator[Client]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(telegram.url))
    async with Client(bot.token, session=session) as found:
        yield found


async def waiting(telegram: Telegram, count: int = 1) -> None:
    """Wait until a poller waits, for the so-manieth time."""
    await telegram.journal.wait_for(
        lambda entry: entry.operation == "poll_waits" and entry.data["count"] == count
    )


async def test_a_dispatcher_polls_answers_and_confirms(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot("echo_bot"), telegram.add_person("Ada")
    dispatcher, heard = Dispatcher(), list[str]()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        heard.append(str(message.text))
        await message.answer(f"you said {message.text}")
        await dispatcher.stop_polling()

    telegram.say(bot, ada, "hello 🙂")
    async with client(telegram, bot) as api:
        assert (await api.get_me()).username == "echo_bot"
        await dispatcher.start_polling(api, handle_signals=False)
        await api.get_updates(offset=bot.queue.next_id)

    assert heard == ["hello 🙂"]
    assert [message["text"] for message in telegram.sent(bot)] == ["you said hello 🙂"]
    assert not bot.queue.waiting


async def test_updates_return_until_their_offset_is_confirmed(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    for text in ("one", "two", "three"):
        telegram.say(bot, ada, text)

    async with client(telegram, bot) as api:
        first = await api.get_updates()
        again = await api.get_updates(limit=2)
        rest = await api.get_updates(offset=first[1].update_id)
        last = await api.get_updates(offset=-1)

    assert [u.update_id for u in first] == [first[0].update_id + n for n in range(3)]
    assert again == first[:2]
    assert rest == first[1:]
    assert last == first[2:]


async def test_the_poller_that_waited_gets_the_conflict_and_the_new_one_goes_on(
    telegram: Telegram,
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    async with client(telegram, bot) as old, client(telegram, bot) as new:
        first = asyncio.create_task(old.get_updates(timeout=20))
        await waiting(telegram)
        second = asyncio.create_task(new.get_updates(timeout=20))
        with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
            await first
        telegram.say(bot, ada, "hello")

        assert [update.message.text for update in await second if update.message] == ["hello"]


async def test_a_second_conflict_within_three_seconds_is_answered_late(telegram: Telegram) -> None:
    bot = telegram.add_bot()
    async with client(telegram, bot) as api:
        polls = []
        for number in (1, 2, 3):
            polls.append(asyncio.create_task(api.get_updates(timeout=50)))
            await waiting(telegram, number)
        answered, _ = await asyncio.wait(polls[:2], timeout=0.3)
        telegram.clock.advance(3)
        telegram.say(bot, telegram.add_person())
        results = await asyncio.gather(*polls, return_exceptions=True)

    assert answered == {polls[0]}
    assert [type(result) for result in results[:2]] == [TelegramConflictError] * 2


async def test_no_updates_are_fetched_while_a_webhook_is_set(telegram: Telegram) -> None:
    bot = telegram.add_bot()
    async with client(telegram, bot) as api, receiving() as receiver:
        poll = asyncio.create_task(api.get_updates(timeout=20))
        await waiting(telegram)
        await api.set_webhook(receiver.url)
        with pytest.raises(TelegramConflictError, match="terminated by setWebhook"):
            await poll
        telegram.clock.advance(10)
        with pytest.raises(TelegramConflictError, match="webhook is active"):
            await api.get_updates()
        await api.delete_webhook()

        assert await api.get_updates() == []


async def test_a_webhook_gets_its_secret_and_again_what_failed_in_the_order_of_the_chat(
    telegram: Telegram,
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.clock.scale(100)
    async with client(telegram, bot) as api, receiving() as receiver:
        receiver.answers = [web.Response(status=500), web.Response(status=503)]
        await api.set_webhook(receiver.url + "/hook", secret_token="s3cret_-")
        telegram.say(bot, ada, "one")
        telegram.say(bot, ada, "two")
        came = await receiver.wait(4)
        info = await api.get_webhook_info()

    assert [json.loads(r.body)["message"]["text"] for r in came] == ["one", "one", "one", "two"]
    assert {r.headers["X-Telegram-Bot-Api-Secret-Token"] for r in came} == {"s3cret_-"}
    assert info.last_error_message == "Wrong response from the webhook: 503 Service Unavailable"


async def test_texts_are_measured_in_utf16_units(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "/start")
    telegram.limits.are_kept = False
    async with client(telegram, bot) as api:
        await api.send_message(ada, "🙂" * 2048)
        with pytest.raises(TelegramBadRequest, match="message is too long"):
            await api.send_message(ada, "🙂" * 2048 + "a")
        with pytest.raises(TelegramBadRequest, match="message text is empty"):
            await api.send_message(ada, " ")
        with pytest.raises(TelegramBadRequest, match="message caption is too long"):
            await api.send_photo(ada, BufferedInputFile(b"x", "x.jpg"), caption="a" * 1025)


async def test_replies_topics_entities_edits_and_files_go_both_ways(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(privacy=False), telegram.add_person()
    group = telegram.add_group([bot], topics=[7])
    telegram.limits.are_kept = False
    asked = telegram.say(bot, ada, "what?", chat=group, thread=7)
    async with client(telegram, bot) as api:
        told = await api.send_message(
            group,
            "this",
            message_thread_id=7,
            entities=[MessageEntity(type="bold", offset=0, length=4)],
            reply_parameters=ReplyParameters(message_id=asked["message_id"]),
        )
        edited = await api.edit_message_text("that", chat_id=group, message_id=told.message_id)
        with pytest.raises(TelegramBadRequest, match="message is not modified"):
            await api.edit_message_text("that", chat_id=group, message_id=told.message_id)
        with pytest.raises(TelegramBadRequest, match="message thread not found"):
            await api.send_message(group, "this", message_thread_id=8)
        with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
            await api.send_message(group, "no", reply_parameters=ReplyParameters(message_id=99))
        document = await api.send_document(group, BufferedInputFile(b"content", "a.txt"))
        voice = await api.send_voice(group, BufferedInputFile(b"OggS", "a.oga"))
        assert await api.send_chat_action(group, "typing")
        assert document.document
        loaded = await api.download(document.document)

    assert (told.reply_to_message and told.reply_to_message.text) == "what?"
    assert told.entities
    assert isinstance(edited, Message)
    assert edited.text == "that"
    assert voice.voice
    assert loaded is not None
    assert loaded.read() == b"content"


async def test_everything_people_send_is_understood(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person("Ada", username="ada")
    telegram.send_kind(bot, ada, "photo", content=b"jpeg", caption="look")
    for kind in ("voice", "document"):
        more = {"name": "a.pdf", "mime": "application/pdf"} if kind == "document" else {}
        telegram.send_kind(bot, ada, kind, content=b"data", **more)
    telegram.send_kind(bot, ada, "sticker")
    telegram.send_kind(bot, ada, "location")
    number = telegram.say(bot, ada, "first")["message_id"]
    telegram.edit(bot, ada, number, "second")
    telegram.delete(bot, ada, number)
    async with client(telegram, bot) as api:
        told = await api.send_message(ada, "press")
        query = telegram.press(bot, ada, told.message_id, "yes")
        updates = await api.get_updates()
        assert await api.answer_callback_query(query)

    assert [u.event_type for u in updates] == ["message"] * 6 + ["edited_message", "callback_query"]
    photo = updates[0].message
    assert photo is not None
    assert [size.width for size in photo.photo or []] == [90, 320, 1280]


async def test_files_above_20_mb_cannot_be_fetched(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.send_kind(
        bot, ada, "document", content=b"x", name="big", mime="a/b", size=20 * 1024 * 1024 + 1
    )
    async with client(telegram, bot) as api:
        message = (await api.get_updates())[0].message
        assert message
        assert message.document
        with pytest.raises(TelegramBadRequest, match="file is too big"):
            await api.get_file(message.document.file_id)


async def test_a_chat_takes_one_message_a_second_and_a_group_twenty_a_minute(
    telegram: Telegram,
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "/start")
    group = telegram.add_group([bot])
    async with client(telegram, bot) as api:
        await api.send_message(ada, "one")
        with pytest.raises(TelegramRetryAfter) as told:
            await api.send_message(ada, "two")
        assert told.value.retry_after == 1
        for _ in range(20):
            telegram.clock.advance(1.1)
            await api.send_message(group, "again")
        telegram.clock.advance(1.1)
        with pytest.raises(TelegramRetryAfter) as told:
            await api.send_message(group, "again")
        assert told.value.retry_after > 30


async def test_refusals_have_the_vendors_codes(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "/start")
    group = telegram.add_group([bot], kind="group")
    moved = telegram.upgrade(group)
    telegram.block(bot, ada)
    async with client(telegram, bot) as api:
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await api.send_message(ada, "hello")
        with pytest.raises(TelegramMigrateToChat) as told:
            await api.send_message(group, "hello")
        assert told.value.migrate_to_chat_id == moved
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await api.send_message(12345, "hello")
        poll = asyncio.create_task(api.get_updates(offset=bot.queue.next_id, timeout=20))
        await waiting(telegram)
        telegram.revoke(bot)
        with pytest.raises(TelegramUnauthorizedError):
            await poll


async def test_privacy_mode_shows_a_bot_only_what_is_meant_for_it(telegram: Telegram) -> None:
    private, curious = telegram.add_bot("shy_bot"), telegram.add_bot("all_bot", privacy=False)
    ada = telegram.add_person()
    group = telegram.add_group([private, curious])
    telegram.limits.are_kept = False
    async with client(telegram, private) as api, client(telegram, curious) as other:
        told = await api.send_message(group, "hi")
        telegram.say(private, ada, "idle talk", chat=group)
        telegram.say(private, ada, "hello @shy_bot", chat=group)
        telegram.say(private, ada, "/ask@all_bot", chat=group)
        telegram.say(private, ada, "answer", chat=group, reply_to=told.message_id)
        seen = [u.message.text for u in await api.get_updates() if u.message]
        all_of_it = [u.message.text for u in await other.get_updates() if u.message]

    assert seen == ["hello @shy_bot", "answer"]
    assert all_of_it == ["idle talk", "hello @shy_bot", "/ask@all_bot", "answer"]


async def test_ids_begin_anew_after_an_idle_week_and_nothing_is_kept_longer_than_a_day(
    telegram: Telegram,
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "old")
    before = bot.queue.next_id
    telegram.clock.advance(8 * DAY)
    telegram.say(bot, ada, "new")
    async with client(telegram, bot) as api:
        # An offset of before the week is far ahead of the new ids: the vendor does not believe it.
        updates = await api.get_updates(offset=before)

    assert [u.message.text for u in updates if u.message] == ["new"]
    assert updates[0].update_id < before


async def test_confirmed_updates_can_be_given_again(telegram: Telegram) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "hello")
    async with client(telegram, bot) as api:
        first = await api.get_updates()
        assert await api.get_updates(offset=first[0].update_id + 1) == []
        telegram.bring_back(bot)

        assert await api.get_updates() == first


async def test_a_cut_after_the_work_leaves_a_message_its_sender_does_not_know(
    telegram: Telegram,
) -> None:
    bot, ada = telegram.add_bot(), telegram.add_person()
    telegram.say(bot, ada, "/start")
    telegram.limits.are_kept = False
    broken = Refused(500, "Internal Server Error").wire()
    async with client(telegram, bot) as api:
        telegram.faults.inject(faults.cut(done=False), operation="sendMessage")
        telegram.faults.inject(faults.cut(done=True), operation="sendMessage")
        telegram.faults.inject(faults.bad_gateway(), operation="sendMessage")
        telegram.faults.inject(
            faults.failing(500, body=json.dumps(broken)), operation="sendMessage"
        )
        for text in ("lost", "done"):
            with pytest.raises(TelegramNetworkError):
                await api.send_message(ada, text)
        with pytest.raises(ClientDecodeError):
            await api.send_message(ada, "html")
        with pytest.raises(TelegramServerError):
            await api.send_message(ada, "500")

    assert [message["text"] for message in telegram.sent(bot)] == ["done"]

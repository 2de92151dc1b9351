"""What goes out to Telegram, over real connections to the simulator."""

import socket

import pytest

from polyant_engine.channels import model
from polyant_engine.channels.model import (
    Address,
    Attachment,
    AttachmentKind,
    Content,
    RetryAfter,
    Sent,
    Unknown,
)
from polyant_engine.channels.ports import PermitExpired
from polyant_engine.channels.telegram.vendor import TelegramVendor
from support.inbox import MemoryInbox
from support.telegram_world import (
    Allowed,
    account,
    part,
    sent_by,
    vendor,
)
from support.vendors import faults
from support.vendors.faults import Fault
from support.vendors.telegram.simulator import Telegram

pytestmark = pytest.mark.integration


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

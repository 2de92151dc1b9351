"""WhatsApp and SMS from a person to the database, over real webhooks, and what becomes of replies."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Self

import pytest

from polyant_engine.channels.model import (
    Attachment,
    AttachmentKind,
    Content,
    LiveState,
)
from polyant_engine.channels.ports import Vendor
from polyant_engine.channels.sender import Sender
from polyant_engine.channels.twilio import adapter as adapters
from polyant_engine.core.errors import UpstreamFailed
from polyant_engine.leadership.fence import Term
from support import twilio_channel
from support.inbox import MemoryInbox
from support.postgres import Server
from support.telegram_world import until
from support.twilio_channel import ADA, ADA_NUMBER, NUMBER, SENDER, Channel
from support.twilio_settings import WEBHOOK_SECRET
from support.vendors import faults
from support.vendors.twilio.simulator import Twilio

pytestmark = pytest.mark.integration


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    async with Twilio() as running:
        yield running


@pytest.fixture
async def channel(server: Server, migrated: str, twilio: Twilio) -> AsyncIterator[Channel]:
    async with twilio_channel.opened(
        server.url(migrated), twilio, smsNumber=NUMBER, contentSid="HX" + "0" * 32
    ) as found:
        yield found


class Sending:
    """A leader that sends."""

    def __init__(self, channel: Channel, term: Term) -> None:
        self.term = term
        self.adapter = channel.vendor.make(channel.account, MemoryInbox())
        working = {channel.account.id: self.adapter}
        self._sender = Sender(channel.stores.leader, lambda: working, _never, is_sent_again=False)

    async def __aenter__(self) -> Self:
        await self.adapter.start(self.term)
        await self._sender.on_started_leading(self.term)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sender.on_stopped_leading()
        await self.adapter.stop()


def _never(term: Term) -> None:
    raise AssertionError(term)


async def test_a_message_is_answered_and_its_delivery_is_known(channel: Channel) -> None:
    await channel.twilio.say(channel.theirs, ADA, SENDER, "Grüße 🙂")
    term = await channel.stores.promote()

    async with Sending(channel, term):
        (part,) = await channel.reply(term, *channel.vendor.renderer.render("**hi**"))
        found = await channel.becomes(part, state="sent", delivery="delivered")
        await channel.twilio.read(found["external_id"])
        await channel.becomes(part, delivery="read")

    assert await channel.said() == ["Grüße 🙂"]
    (sent,) = channel.twilio.sent(channel.theirs)
    assert (sent["to"], sent["body"], sent["sid"]) == (ADA, "*hi*", found["external_id"])


async def test_an_sms_is_answered_by_sms_without_marks(channel: Channel) -> None:
    await channel.twilio.say(channel.theirs, ADA_NUMBER, NUMBER, "hello")
    term = await channel.stores.promote()

    async with Sending(channel, term):
        (part,) = await channel.reply(term, *channel.vendor.renderer.render("**hi**"))
        await channel.becomes(part, delivery="delivered")

    (sent,) = channel.twilio.sent(channel.theirs)
    assert (sent["to"], sent["sender"], sent["body"]) == (ADA_NUMBER, NUMBER, "hi")


async def test_what_the_vendor_sends_again_is_stored_once(channel: Channel) -> None:
    sid = await channel.twilio.say(channel.theirs, ADA, SENDER, "once")
    await channel.twilio.again(channel.theirs, sid)
    await channel.twilio.again(channel.theirs, sid)

    assert await channel.said() == ["once"]


async def test_a_lost_answer_is_doubt_until_a_status_names_the_part(channel: Channel) -> None:
    channel.twilio.step_seconds = 0.5
    await channel.twilio.say(channel.theirs, ADA, SENDER, "hello")
    channel.twilio.faults.inject(faults.cut(done=True), operation="messages.create")
    term = await channel.stores.promote()

    async with Sending(channel, term):
        (part,) = await channel.reply(term, Content(text="hi"))
        await channel.becomes(part, state="unknown")
        found = await channel.becomes(part, state="sent", delivery="delivered")

    (sent,) = channel.twilio.sent(channel.theirs)
    assert found["external_id"] == sent["sid"]


async def test_statuses_only_go_forward(channel: Channel) -> None:
    channel.twilio.disorder.arm(swaps=1, doubles=2)
    await channel.twilio.say(channel.theirs, ADA, SENDER, "hello")
    term = await channel.stores.promote()

    async with Sending(channel, term):
        (part,) = await channel.reply(term, Content(text="hi"))
        await channel.becomes(part, delivery="delivered")
        answered = partial(channel.twilio.journal.find, "status", direction="in")
        await until(lambda: len(answered()) >= 3)  # delivered, delivered, sent

    assert {entry.data["status"] for entry in answered()} == {200}
    assert (await channel.part(part))["delivery"] == "delivered"


async def test_a_message_that_fails_later_is_a_dead_letter_with_the_reason(
    channel: Channel,
) -> None:
    channel.twilio.set_fate(ADA, ["sent", "undelivered"], 63024)
    await channel.twilio.say(channel.theirs, ADA, SENDER, "hello")
    term = await channel.stores.promote()

    async with Sending(channel, term):
        (part,) = await channel.reply(term, Content(text="hi"))
        found = await channel.becomes(part, state="dead", delivery="undelivered")

    assert found["reason"] == "The number has no WhatsApp (Twilio 63024)."


async def test_after_stop_nothing_is_sent_until_start(channel: Channel) -> None:
    await channel.twilio.say(channel.theirs, ADA, SENDER, "hello")
    term = await channel.stores.promote()
    async with Sending(channel, term):
        await channel.twilio.say(channel.theirs, ADA, SENDER, "Stop")
        await channel.twilio.say(channel.theirs, ADA, SENDER, "anybody?")
        (silent,) = await channel.reply(term, Content(text="no"))
        found = await channel.becomes(silent, state="dead")
        assert "STOP" in found["reason"]
        assert channel.twilio.sent(channel.theirs) == []

        await channel.twilio.say(channel.theirs, ADA, SENDER, "START")
        _, heard = await channel.reply(term, Content(text="yes"))
        await channel.becomes(heard, state="sent")

    assert [each["body"] for each in channel.twilio.sent(channel.theirs)] == ["yes"]
    assert await channel.said() == ["hello", "START"]
    assert await channel.ignored() == ["opt-out", "opted-out"]


async def test_an_opt_out_outlives_its_channel(channel: Channel) -> None:
    await channel.twilio.say(channel.theirs, ADA, SENDER, "STOP")
    await channel.stores.pool.execute("DELETE FROM channels")

    standing = await channel.vendor._contacts.standing(channel.account, ADA)

    assert standing.is_opted_out


async def test_a_day_after_the_last_message_only_the_template_is_sent(channel: Channel) -> None:
    template = "HX" + "0" * 32
    channel.theirs.templates[template] = "News: {{1}}"
    await channel.twilio.say(channel.theirs, ADA, SENDER, "hello")
    await channel.stores.pool.execute(
        "UPDATE channel_contacts SET heard_at = now() - interval '25 hours'"
    )
    term = await channel.stores.promote()

    async with Sending(channel, term):
        (part,) = await channel.reply(term, Content(text="a\nb"))
        await channel.becomes(part, delivery="delivered")

    assert [each["body"] for each in channel.twilio.sent(channel.theirs)] == ["News: a b"]


async def test_a_file_is_fetched_with_credentials_only_where_they_belong(
    channel: Channel,
) -> None:
    media = [("image/jpeg", b"JPEG" * 100)]
    await channel.twilio.say(channel.theirs, ADA, SENDER, "look", media=media)
    rows = await channel.stores.pool.fetch("SELECT attachments FROM inbox")
    (stored,) = rows[0]["attachments"]
    file = Attachment(kind=AttachmentKind.PHOTO, reference=stored["reference"])
    fetch, ours = channel.vendor.fetch, channel.account

    # The simulator redirects to another host, which refuses an Authorization header.
    assert await fetch(ours, file, 1000) == b"JPEG" * 100
    assert await fetch(ours, file, 399) is None
    gone = Attachment(kind=AttachmentKind.PHOTO, reference=stored["reference"] + "0")
    assert await fetch(ours, gone, 1000) is None
    channel.twilio.revoke(channel.theirs)
    with pytest.raises(UpstreamFailed):
        await fetch(ours, file, 1000)


async def test_typing_is_shown_to_whom_wrote_last(channel: Channel) -> None:
    sid = await channel.twilio.say(channel.theirs, ADA, SENDER, "hello")
    adapter = channel.vendor.make(channel.account, MemoryInbox())

    await adapter.typing(twilio_channel.part().address)

    (shown,) = channel.twilio.journal.find("typing", direction="fact")
    assert shown.data["message"] == sid


async def test_revoked_credentials_end_the_channel(channel: Channel) -> None:
    channel.twilio.revoke(channel.theirs)
    adapter = channel.vendor.make(channel.account, MemoryInbox())

    await adapter.start(await channel.stores.promote())
    await until(lambda: adapter.live.state is LiveState.FAILED)
    await adapter.stop()

    assert adapter.live.reason == adapters.REJECTED


async def test_with_a_key_messages_come_and_go(
    server: Server, migrated: str, twilio: Twilio
) -> None:
    settings = {"authMode": "apiKey", "webhookSecret": WEBHOOK_SECRET}
    async with twilio_channel.opened(
        server.url(migrated), twilio, apiKeySid="SK" + "1" * 32, apiKeySecret="k" * 32, **settings
    ) as channel:
        channel.theirs.keys["SK" + "1" * 32] = "k" * 32
        await twilio.say(channel.theirs, ADA, SENDER, "hello")
        term = await channel.stores.promote()
        async with Sending(channel, term):
            (part,) = await channel.reply(term, Content(text="hi"))
            await channel.becomes(part, delivery="delivered")

        assert await channel.said() == ["hello"]


async def test_it_is_a_vendor_as_the_channels_know_them(channel: Channel) -> None:
    known: Vendor = channel.vendor
    known.preload()

    assert known.account_name(channel.account.settings, channel.account.secrets) == NUMBER

"""What goes out to Twilio, over real connections to the simulator; contacts are in memory."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from polyant_engine.channels import model
from polyant_engine.channels.model import LiveState, Outcome, RetryAfter, Sent, Unknown
from polyant_engine.channels.ports import PermitExpired
from polyant_engine.channels.twilio.adapter import REJECTED, TwilioAdapter
from polyant_engine.channels.twilio.vendor import TwilioVendor
from polyant_engine.core import egress
from polyant_engine.core.clock import SystemClock
from support.inbox import MemoryInbox
from support.telegram_world import TERM, Allowed, until
from support.twilio_channel import ADA, ADA_NUMBER, NUMBER, SENDER, part
from support.twilio_settings import account as configured
from support.twilio_world import MemoryContacts
from support.vendors import faults
from support.vendors.faults import Fault
from support.vendors.limits import Limit
from support.vendors.twilio.account import Account
from support.vendors.twilio.simulator import Twilio

pytestmark = pytest.mark.integration


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    async with Twilio() as running:
        yield running


@pytest.fixture
async def theirs(twilio: Twilio) -> Account:
    account = twilio.add_account()
    for name in (SENDER, NUMBER):
        twilio.add_address(account, name)
    await twilio.say(account, ADA, SENDER, "hello")
    return account


@asynccontextmanager
async def adapter(
    theirs: Account, url: str, contacts: MemoryContacts | None = None, **settings: str
) -> AsyncIterator[TwilioAdapter]:
    """An adapter that was not started; Ada wrote a moment ago."""
    known = contacts or MemoryContacts(MemoryInbox(), heard={ADA: "SM0"})
    given = {"accountSid": theirs.sid, "authToken": theirs.token, "smsNumber": NUMBER, **settings}
    async with egress.opened(["127.0.0.1"]) as outside:
        vendor = TwilioVendor(outside, SystemClock(), known, None, url)
        yield vendor.make(configured(None, **given), MemoryInbox())


async def sent(theirs: Account, url: str, message: model.Part) -> Outcome:
    async with adapter(theirs, url) as made:
        return await made.send(message, Allowed())


async def test_a_message_arrives_as_it_was_rendered(twilio: Twilio, theirs: Account) -> None:
    (content,) = TwilioVendor.renderer.render("**Grüße** & 50% + 🙂", ADA)

    outcome = await sent(theirs, twilio.url, part(content=content))

    (message,) = twilio.sent(theirs)
    assert outcome == Sent(message["sid"])
    assert (message["to"], message["body"]) == (ADA, "*Grüße* & 50% + 🙂")


async def test_a_long_answer_arrives_whole(twilio: Twilio, theirs: Account) -> None:
    answer = "\n\n".join(f"**{number}** is a number 😀 as any other." for number in range(200))

    for chat in (ADA, ADA_NUMBER):
        contents = TwilioVendor.renderer.render(answer, chat)
        assert len(contents) > 2
        for content in contents:
            assert isinstance(
                await sent(theirs, twilio.url, part(chat=chat, content=content)), Sent
            )

    said = "".join(message["body"] for message in twilio.sent(theirs) if message["to"] == ADA)
    assert said.replace("\n", "") == answer.replace("**", "*").replace("\n", "")


@pytest.mark.parametrize(
    ("fault", "has_arrived"),
    [
        (faults.cut(done=True), True),
        (faults.cut(done=False), False),
        (faults.bad_gateway(done=True), True),
        (faults.failing(500), False),
        (faults.failing(503, body='{"code": 20503}'), False),
        (faults.failing(201, body="{}"), False),
        (faults.failing(201, body="nonsense"), False),
        (faults.failing(400, body="<html>"), False),
        (faults.failing(302, body=""), False),
    ],
)
async def test_doubt_is_said_to_be_doubt(
    twilio: Twilio,
    theirs: Account,
    fault: Fault,
    has_arrived: bool,  # noqa: FBT001  a parameter of the table
) -> None:
    twilio.faults.inject(fault, operation="messages.create")

    outcome = await sent(theirs, twilio.url, part())

    assert isinstance(outcome, Unknown)
    assert theirs.token not in outcome.reason
    assert len(twilio.sent(theirs)) == has_arrived
    assert len(twilio.journal.find("messages.create", direction="in")) == 1


async def test_what_was_never_written_is_no_doubt(theirs: Account) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    outcome = await sent(theirs, f"http://127.0.0.1:{port}", part())

    assert outcome == model.Refused(reason="127.0.0.1 cannot be reached.", is_permanent=False)


async def test_the_permit_is_asked_for_last_and_nothing_is_sent_without_it(
    twilio: Twilio, theirs: Account
) -> None:
    async with adapter(theirs, twilio.url) as made:
        expired = Allowed(is_over=True)
        with pytest.raises(PermitExpired):
            await made.send(part(), expired)
        asked = twilio.journal.find
        valid = Allowed(look=lambda: len(asked("messages.create", direction="in")))
        outcome = await made.send(part(), valid)

    assert len(expired.checks) == 1
    assert valid.checks == [0]
    assert isinstance(outcome, Sent)
    assert len(twilio.journal.find("messages.create", direction="in")) == 1


async def test_a_limit_makes_the_whole_account_wait(twilio: Twilio, theirs: Account) -> None:
    twilio.requests = Limit(1, 60)

    await sent(theirs, twilio.url, part())
    outcome = await sent(theirs, twilio.url, part())

    assert isinstance(outcome, RetryAfter)
    assert outcome.whole_account


async def test_a_proxy_that_limits_is_heard_too(twilio: Twilio, theirs: Account) -> None:
    slow = Fault(status=429, body="slow down", headers={"Retry-After": "7"})
    twilio.faults.inject(slow, operation="messages.create")

    outcome = await sent(theirs, twilio.url, part())

    assert isinstance(outcome, RetryAfter)
    assert outcome.seconds == 7


@pytest.mark.parametrize(
    ("chat", "code"), [("whatsapp:+0", 21211), ("+0", 21211), ("whatsapp:+12", 21211)]
)
async def test_a_number_that_is_none_is_a_dead_letter(
    twilio: Twilio, theirs: Account, chat: str, code: int
) -> None:
    contacts = MemoryContacts(MemoryInbox(), heard={chat: "SM0"})
    async with adapter(theirs, twilio.url, contacts) as made:
        outcome = await made.send(part(chat=chat), Allowed())

    assert isinstance(outcome, model.Refused)
    assert outcome.is_permanent
    assert str(code) in outcome.reason


async def test_who_opted_out_at_the_vendor_alone_is_known_from_then_on(
    twilio: Twilio, theirs: Account
) -> None:
    theirs.addresses[NUMBER].opted_out.add(ADA_NUMBER)
    contacts = MemoryContacts(MemoryInbox())
    async with adapter(theirs, twilio.url, contacts) as made:
        outcome = await made.send(part(chat=ADA_NUMBER), Allowed())

    assert isinstance(outcome, model.Refused)
    assert "21610" in outcome.reason
    assert contacts.out == {ADA_NUMBER}


async def test_credentials_that_are_revoked_end_the_channel_and_keep_the_part(
    twilio: Twilio, theirs: Account
) -> None:
    twilio.revoke(theirs)
    async with adapter(theirs, twilio.url) as made:
        outcome = await made.send(part(), Allowed())

        assert (made.live.state, made.live.reason) == (LiveState.FAILED, REJECTED)
    assert isinstance(outcome, model.Refused)
    assert not outcome.is_permanent


@pytest.mark.parametrize("fault", [faults.bad_gateway(), faults.failing(500)])
async def test_a_start_that_fails_is_tried_again(
    twilio: Twilio, theirs: Account, fault: Fault
) -> None:
    twilio.faults.inject(fault, operation="messages.list")
    async with adapter(theirs, twilio.url) as made:
        await made.start(TERM)
        await until(lambda: made.live.state is LiveState.DEGRADED)
        await until(lambda: made.live.state is LiveState.RUNNING)
        await made.stop()

"""Twilio's own client and validator cannot tell the simulator from Twilio."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from typing_extensions import override

from support.vendors import faults
from support.vendors.receiver import Received, Receiver, receiving
from support.vendors.twilio.account import Account
from support.vendors.twilio.simulator import Twilio

pytestmark = [
    pytest.mark.integration,
    # Of Twilio's own client.
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated"),
]

NUMBER, SENDER = "+15550001111", "whatsapp:+15550002222"
ADA, ADA_CHAT = "+491701234567", "whatsapp:+491701234567"


class Redirected(AsyncTwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """Twilio's client, which knows no other address than Twilio's."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    @override
    async def request(self, method: str, url: str, *args: Any, **options: Any) -> Response:
        there = url.replace("https://api.twilio.com", self._url)
        return await super().request(method, there, *args, **options)


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    async with Twilio() as running:
        yield running


@pytest.fixture
def account(twilio: Twilio) -> Account:
    found = twilio.add_account()
    for name in (NUMBER, SENDER):
        twilio.add_address(found, name)
    return found


@asynccontextmanager
async def rest(
    twilio: Twilio, account: Account, credentials: tuple[str, str] | None = None
) -> AsyncIterator[Client]:
    user, password = credentials or (account.sid, account.token)
    async with Redirected(twilio.url) as http:
        yield Client(user, password, account_sid=account.sid, http_client=http)


def form(received: Received) -> dict[str, str]:
    return dict(parse_qsl(received.body, keep_blank_values=True))


def is_signed(account: Account, received: Received) -> bool:
    signature = received.headers["X-Twilio-Signature"]
    return bool(RequestValidator(account.token).validate(received.url, form(received), signature))


async def statuses(receiver: Receiver, count: int) -> list[str]:
    return [form(each)["MessageStatus"] for each in await receiver.wait(count)]


async def test_a_message_goes_its_way_and_every_step_is_told_with_a_signature(
    twilio: Twilio, account: Account
) -> None:
    async with rest(twilio, account) as client, receiving() as receiver:
        message = await client.messages.create_async(
            to=ADA, from_=NUMBER, body="hello", status_callback=receiver.url + "/status?x=%20y"
        )
        told = await statuses(receiver, 2)
        fetched = await client.messages(str(message.sid)).fetch_async()

    assert message.status == "queued"
    assert told == ["sent", "delivered"]
    assert fetched.status == "delivered"
    assert all(is_signed(account, each) for each in receiver.received)
    assert not is_signed(twilio.add_account(), receiver.received[0])


async def test_a_service_accepts_first_and_api_keys_are_as_good_as_the_token(
    twilio: Twilio, account: Account
) -> None:
    service, key = twilio.add_service(account, NUMBER), twilio.add_key(account)
    async with rest(twilio, account, key) as client, receiving() as receiver:
        message = await client.messages.create_async(
            to=ADA, messaging_service_sid=service, body="hello", status_callback=receiver.url
        )
        assert await statuses(receiver, 3) == ["queued", "sent", "delivered"]
        assert message.status == "accepted"
        twilio.revoke(account, key[0])
        with pytest.raises(TwilioRestException) as told:
            await client.messages.create_async(to=ADA, from_=NUMBER, body="hello")

    assert (told.value.status, told.value.code) == (401, 20003)


async def test_the_same_request_twice_is_two_messages(twilio: Twilio, account: Account) -> None:
    async with rest(twilio, account) as client:
        for _ in range(2):
            await client.messages.create_async(to=ADA, from_=NUMBER, body="hello")

    assert [message["body"] for message in twilio.sent(account)] == ["hello", "hello"]


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        (21211, {"to": "12", "from_": NUMBER, "body": "a"}),
        (21603, {"to": ADA, "body": "a"}),
        (21606, {"to": ADA, "from_": "+15559999999", "body": "a"}),
        (63007, {"to": ADA_CHAT, "from_": "whatsapp:+15559999999", "body": "a"}),
        (21617, {"to": ADA, "from_": NUMBER, "body": "a" * 1601}),
        (21619, {"to": ADA, "from_": NUMBER}),
        (21655, {"to": ADA_CHAT, "from_": SENDER, "content_sid": "HX0"}),
    ],
)
async def test_refusals_have_the_vendors_codes(
    twilio: Twilio, account: Account, code: int, asked: dict[str, Any]
) -> None:
    async with rest(twilio, account) as client:
        with pytest.raises(TwilioRestException) as told:
            await client.messages.create_async(**asked)

    assert (told.value.status, told.value.code) == (400, code)


async def test_too_many_requests_are_refused(twilio: Twilio, account: Account) -> None:
    twilio.requests.count = 1
    async with rest(twilio, account) as client:
        await client.messages.create_async(to=ADA, from_=NUMBER, body="hello")
        with pytest.raises(TwilioRestException) as told:
            await client.messages.create_async(to=ADA, from_=NUMBER, body="hello")

    assert (told.value.status, told.value.code) == (429, 20429)


async def test_who_said_stop_gets_nothing_until_start(twilio: Twilio, account: Account) -> None:
    async with rest(twilio, account) as client:
        await twilio.say(account, ADA, NUMBER, " stop ")
        with pytest.raises(TwilioRestException) as told:
            await client.messages.create_async(to=ADA, from_=NUMBER, body="hello")
        await twilio.say(account, ADA, NUMBER, "START")
        await client.messages.create_async(to=ADA, from_=NUMBER, body="hello")

    assert told.value.code == 21610
    assert len(twilio.journal.find("vendor_replied")) == 2


async def test_whatsapp_outside_its_window_takes_templates_only(
    twilio: Twilio, account: Account
) -> None:
    template = twilio.add_template(account, "Dear {{1}}")
    await twilio.say(account, ADA_CHAT, SENDER, "hello")
    twilio.clock.advance(24 * 3600 + 1)
    ask: dict[str, Any] = {"to": ADA_CHAT, "from_": SENDER}
    async with rest(twilio, account) as client, receiving() as receiver:
        ask["status_callback"] = receiver.url
        await client.messages.create_async(**ask, body="hi")
        failed = form((await receiver.wait(1))[0])
        await client.messages.create_async(
            **ask, content_sid=template, content_variables='{"1": "Ada"}'
        )
        await receiver.wait(3)
        await twilio.say(account, ADA_CHAT, SENDER, "hello again")
        await client.messages.create_async(**ask, body="hi")
        told = await statuses(receiver, 5)

    assert (failed["MessageStatus"], failed["ErrorCode"]) == ("failed", "63016")
    assert told[1:] == ["sent", "delivered"] * 2
    assert twilio.sent(account)[1]["body"] == "Dear Ada"


async def test_statuses_can_come_out_of_order_twice_and_end_badly(
    twilio: Twilio, account: Account
) -> None:
    async with rest(twilio, account) as client, receiving() as receiver:
        twilio.disorder.arm(swaps=1)
        ask = {"to": ADA, "from_": NUMBER, "status_callback": receiver.url}
        message = await client.messages.create_async(**ask, body="hello")
        await receiver.wait(2)
        twilio.disorder.arm(doubles=1)
        await twilio.read(str(message.sid))
        await receiver.wait(4)
        twilio.set_fate(ADA, ["undelivered"], 30003)
        await client.messages.create_async(**ask, body="hello")
        last = form((await receiver.wait(5))[4])

    sent = [e.data["data"]["MessageStatus"] for e in twilio.journal.find("status", direction="out")]
    assert sent[:4] == ["delivered", "sent", "read", "read"]
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30003")


async def test_inbound_messages_are_signed_and_an_answer_in_twiml_is_sent(
    twilio: Twilio, account: Account
) -> None:
    async with receiving() as receiver:
        text = "<Response><Message><Body>hi</Body></Message></Response>"
        receiver.answers = [web.Response(text=text, content_type="text/xml")]
        account.addresses[SENDER].webhook = receiver.url + "/webhooks/a%20b?c=d"
        await twilio.say(account, ADA_CHAT, SENDER, "hello")
        told = form(receiver.received[0])

    assert is_signed(account, receiver.received[0])
    assert (told["Body"], told["WaId"], told["ProfileName"]) == ("hello", "491701234567", "Ada")
    assert [message["body"] for message in twilio.sent(account)] == ["hi"]


async def test_an_sms_has_empty_parameters_that_are_signed_too(
    twilio: Twilio, account: Account
) -> None:
    async with receiving() as receiver:
        account.addresses[NUMBER].webhook = receiver.url
        sid = await twilio.say(account, ADA, NUMBER, "hello 🙂")
        await twilio.again(account, sid)

    first, again = receiver.received
    assert form(first)["FromCity"] == ""
    assert form(first) == form(again)
    assert is_signed(account, first)


async def test_overrides_repeat_and_the_fallback_learns_why(
    twilio: Twilio, account: Account
) -> None:
    async with receiving() as receiver:
        receiver.answers = [web.Response(status=503) for _ in range(3)]
        account.addresses[NUMBER].webhook = receiver.url + "/hook#rc=2&rp=5xx"
        account.addresses[NUMBER].fallback = receiver.url + "/fallback"
        await twilio.say(account, ADA, NUMBER, "hello")
        came = receiver.received

    assert [each.url.rpartition("/")[2] for each in came] == ["hook"] * 3 + ["fallback"]
    assert len({each.headers["I-Twilio-Idempotency-Token"] for each in came[:3]}) == 1
    assert form(came[3])["ErrorCode"] == "11200"
    assert all(is_signed(account, each) for each in came)


async def test_without_overrides_an_error_is_final(twilio: Twilio, account: Account) -> None:
    async with receiving() as receiver:
        receiver.answers = [web.Response(status=500)]
        account.addresses[NUMBER].webhook = receiver.url
        await twilio.say(account, ADA, NUMBER, "hello")

    assert len(receiver.received) == 1


async def test_a_json_body_is_signed_by_its_hash(twilio: Twilio, account: Account) -> None:
    async with receiving() as receiver:
        await twilio.send_json(account, receiver.url + "/events", {"a": "ü"})
        came = receiver.received[0]
        validator = RequestValidator(account.token)
        signature = came.headers["X-Twilio-Signature"]

    assert validator.validate(came.url, came.body, signature)
    assert not validator.validate(came.url, came.body + " ", signature)


async def test_media_needs_the_credentials_at_twilio_and_none_behind_the_redirect(
    twilio: Twilio, account: Account
) -> None:
    async with receiving() as receiver, aiohttp.ClientSession() as session:
        account.addresses[SENDER].webhook = receiver.url
        await twilio.say(account, ADA_CHAT, SENDER, media=[("image/png", b"png")])
        told = form(receiver.received[0])
        async with session.get(told["MediaUrl0"]) as answer:
            assert answer.status == 401
        login = {"Authorization": aiohttp.encode_basic_auth(account.sid, account.token)}
        async with session.get(told["MediaUrl0"], headers=login, allow_redirects=False) as answer:
            place = answer.headers["Location"]
        async with session.get(place, headers=login) as answer:
            assert answer.status == 400
        async with session.get(place) as answer:
            assert (answer.content_type, await answer.read()) == ("image/png", b"png")

    assert (told["NumMedia"], told["MediaContentType0"]) == ("1", "image/png")


async def test_a_cut_after_the_work_leaves_a_message_its_sender_does_not_know(
    twilio: Twilio, account: Account
) -> None:
    twilio.faults.inject(faults.cut(done=True), operation="messages.create")
    twilio.faults.inject(faults.bad_gateway(), operation="messages.create")
    async with rest(twilio, account) as client:
        with pytest.raises(aiohttp.ClientError):
            await client.messages.create_async(to=ADA, from_=NUMBER, body="done")
        with pytest.raises((TwilioRestException, ValueError)):
            await client.messages.create_async(to=ADA, from_=NUMBER, body="lost")

    assert [message["body"] for message in twilio.sent(account)] == ["done"]


async def test_a_slow_answer_is_carried_out_though_the_caller_hung_up(
    twilio: Twilio, account: Account
) -> None:
    twilio.faults.inject(faults.slow(0.5), operation="messages.create")
    async with rest(twilio, account) as client:
        asking = asyncio.create_task(
            client.messages.create_async(to=ADA, from_=NUMBER, body="late")
        )
        await twilio.journal.wait_for(lambda e: e.operation == "messages.create")
        asking.cancel()
        await twilio.journal.wait_for(lambda e: e.operation == "caller_gone")
        assert not twilio.sent(account)
        await twilio.journal.wait_for(lambda e: e.operation == "message_sent")

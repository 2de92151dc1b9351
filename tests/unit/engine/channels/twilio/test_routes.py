"""Webhooks: who is believed, what is stored, and what nobody gets by knocking."""

import asyncio
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator

import pytest
from starlette.types import Message, Scope

from polyant_engine.channels.model import Event
from polyant_engine.channels.ports import InboxFull
from polyant_engine.channels.twilio.routes import LARGEST_BODY
from polyant_engine.channels.twilio.signature import FORM, signed_with
from polyant_engine.core.errors import DatabaseUnavailable
from support.asgi import Answer, scope
from support.twilio_settings import BY_KEY, TOKEN, WEBHOOK_SECRET, account
from support.twilio_world import ADA, BASE, PATH, Webhooks, said

SECRET_PATH = f"{PATH}/{WEBHOOK_SECRET}"


async def test_a_signed_message_is_stored_and_answered_with_nothing_to_say() -> None:
    webhooks = Webhooks()

    answer = await webhooks.post(said("Grüße 🙂", FromCity=""))

    assert (answer.status, answer.body) == (200, b"<Response/>")
    assert answer.headers["content-type"].startswith("text/xml")
    (event,) = webhooks.inbox.messages
    assert (event.text, event.dedupe_key) == ("Grüße 🙂", "SM" + "a" * 32)


async def test_what_is_sent_again_is_stored_once() -> None:
    webhooks = Webhooks()

    answers = [await webhooks.post(said()) for _ in range(3)]

    assert [answer.status for answer in answers] == [200] * 3
    assert (len(webhooks.inbox.events), webhooks.inbox.known) == (1, 2)


@pytest.mark.parametrize("token", [None, "another token of some other account"])
async def test_a_forged_message_is_refused(token: str | None) -> None:
    webhooks = Webhooks()

    answer = await webhooks.post(said(), token=token)

    assert answer.status == 403
    assert not webhooks.inbox.events
    assert TOKEN.encode() not in answer.body


async def test_a_changed_message_is_refused() -> None:
    webhooks = Webhooks()

    answer = await webhooks.post(said(), body=b"MessageSid=SM" + b"b" * 32 + b"&Body=other")

    assert answer.status == 403
    assert not webhooks.inbox.events


async def test_only_the_configured_address_counts_whatever_a_request_claims() -> None:
    webhooks, evil = Webhooks(), "https://evil.example"
    claims = {
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "http",
        "forwarded": "host=evil.example",
    }

    forged = await webhooks.post(said(), signed_url=evil + PATH, headers=claims)
    right = await webhooks.post(said(), headers=claims)

    assert (forged.status, right.status) == (403, 200)


async def test_the_path_and_the_query_count_as_they_are_written() -> None:
    webhooks = Webhooks()
    target = "/webhooks/twilio/%68elper/whatsapp?a=%20&b="

    assert (await webhooks.post(said(), target)).status == 200
    decoded = "/webhooks/twilio/helper/whatsapp?a=%20&b="
    assert (await webhooks.post(said(), target, signed_url=BASE + decoded)).status == 403


async def test_two_signatures_are_none() -> None:
    webhooks, right = Webhooks(), signed_with(BASE + PATH, [("MessageSid", "SM1")], TOKEN)
    asked = scope("POST", PATH, {"content-type": FORM, "x-twilio-signature": right})
    asked["headers"].append((b"x-twilio-signature", b"other"))

    assert (await raw(webhooks, asked, [b"MessageSid=SM1"])).status == 403


@pytest.mark.parametrize(
    "target",
    [
        "/webhooks/twilio/other/whatsapp",
        "/webhooks/twilio/helper/sms",
        "/webhooks/twilio/HELPER/whatsapp",
        SECRET_PATH,
        f"{PATH}/",
        f"{PATH}/a/b",
    ],
)
async def test_what_is_not_there_is_not_found(target: str) -> None:
    assert (await Webhooks().post(said(), target)).status == 404


async def test_with_a_key_the_secret_of_the_path_lets_in() -> None:
    webhooks = Webhooks(account(BY_KEY))

    answer = await webhooks.post(said(), SECRET_PATH, token=None)

    assert answer.status == 200
    assert len(webhooks.inbox.messages) == 1


@pytest.mark.parametrize(
    "target",
    [
        PATH,
        SECRET_PATH[:-1],
        f"{SECRET_PATH[:-1]}x",
        f"{SECRET_PATH}c",
        f"{PATH}/{WEBHOOK_SECRET.swapcase()}",
        f"{PATH}/%00%ff",
    ],
)
async def test_without_the_secret_nothing_is_there_not_even_signed(target: str) -> None:
    webhooks = Webhooks(account(BY_KEY))

    refused = await webhooks.post(said(), target)
    absent = await webhooks.post(said(), "/webhooks/twilio/absent/whatsapp")

    assert refused.status == absent.status == 404
    assert refused.body == absent.body
    assert not webhooks.inbox.events


async def test_with_a_key_another_account_is_nobody() -> None:
    webhooks = Webhooks(account(BY_KEY))

    for sid in ({"AccountSid": "AC" + "9" * 32}, {"AccountSid": ""}):
        answer = await webhooks.post({**said(), **sid}, SECRET_PATH, token=None)
        assert answer.status == 404


async def test_a_channel_that_is_configured_wrongly_takes_nothing() -> None:
    assert (await Webhooks(account(accountSid="nonsense")).post(said())).status == 404


async def test_without_a_message_id_nothing_can_be_told_from_a_replay() -> None:
    answer = await Webhooks().post(said(sid=""))

    assert answer.status == 400
    assert b"MessageSid" in answer.body


async def test_a_huge_body_is_refused_at_once() -> None:
    answer = await Webhooks().post(
        said(), body=b"x", headers={"content-length": str(LARGEST_BODY + 1)}
    )

    assert answer.status == 413


async def test_a_body_that_grows_is_cut_off() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 65_536

    webhooks = Webhooks()
    asked = scope("POST", PATH, {"content-type": FORM})

    assert (await raw(webhooks, asked, endless())).status == 413


@pytest.mark.looptime
async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    webhooks = Webhooks()
    asked = scope("POST", PATH, {"content-type": FORM})
    started = asyncio.get_running_loop().time()

    answer = await raw(webhooks, asked, [b"MessageSid="], goes_on=True)

    assert answer.status == 408
    assert asyncio.get_running_loop().time() - started == pytest.approx(10)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00", b"%zz=%", b"a" * 1000, "Body=Größe".encode("utf-16"), b"a=1&" * 5000],
)
async def test_what_is_no_form_is_refused(body: bytes) -> None:
    webhooks = Webhooks()

    assert (await webhooks.post(said(), body=body)).status == 403
    assert not webhooks.inbox.events


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=b", "", "é"])
async def test_another_kind_of_body_is_refused(kind: str) -> None:
    assert (await Webhooks().post(said(), headers={"content-type": kind})).status == 403


async def test_a_body_of_json_counts_by_its_hash() -> None:
    webhooks, body = Webhooks(), json.dumps(said()).encode()
    target = f"{PATH}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    kind = {"content-type": "application/json"}

    answer = await webhooks.post({}, target, body=body, headers=kind)
    changed = await webhooks.post({}, target, body=body.replace(b"hello", b"other"), headers=kind)

    assert (answer.status, changed.status) == (200, 403)
    assert len(webhooks.inbox.messages) == 1


@pytest.mark.parametrize(
    ("failure", "code"),
    [(InboxFull(5), "inbox_full"), (DatabaseUnavailable(), "database_unavailable")],
)
async def test_a_message_that_cannot_be_stored_is_to_come_again(
    failure: Exception, code: str
) -> None:
    webhooks = Webhooks()
    webhooks.inbox.failures.append(failure)

    answer = await webhooks.post(said())
    again = await webhooks.post(said())

    assert (answer.status, again.status) == (503, 200)
    assert int(answer.headers["retry-after"]) > 0
    assert code.encode() in answer.body
    assert len(webhooks.inbox.messages) == 1


async def test_get_is_no_way_to_send() -> None:
    asked = scope("GET", PATH)

    assert (await raw(Webhooks(), asked, [])).status == 405


async def test_after_stop_nothing_reaches_the_agent_until_start() -> None:
    webhooks = Webhooks()
    for number, text in enumerate(("hi", " stop ", "hello?", "START", "back")):
        assert (await webhooks.post(said(text, sid=f"SM{number:032}"))).status == 200

    assert [each.text for each in webhooks.inbox.messages] == ["hi", "START", "back"]
    reasons = [e.reason for e in webhooks.inbox.events.values() if e.event is Event.IGNORED]
    assert reasons == ["opt-out", "opted-out"]


async def test_a_replayed_stop_stops_nobody() -> None:
    webhooks, stop = Webhooks(), said("STOP", sid="SM" + "1" * 32)
    for told in (stop, said("START", sid="SM" + "2" * 32), stop):
        await webhooks.post(told)

    assert ADA not in webhooks.contacts.out


async def test_a_stop_counts_even_if_it_cannot_be_stored() -> None:
    webhooks = Webhooks()
    webhooks.inbox.failures.append(InboxFull(5))

    assert (await webhooks.post(said("STOP"))).status == 503
    assert ADA in webhooks.contacts.out


async def test_a_status_names_the_part_by_the_signed_query() -> None:
    webhooks, part = Webhooks(), uuid.uuid4()
    target = f"/webhooks/twilio/channels/{webhooks.account.id}/status?part={part}"
    news = {"MessageSid": "SM1", "MessageStatus": "delivered"}

    right = await webhooks.post(news, target)
    other = await webhooks.post(
        news, target.replace(str(part), str(uuid.uuid4())), signed_url=BASE + target
    )

    assert (right.status, other.status) == (200, 403)
    ((channel, told, status),) = webhooks.told
    assert (channel, told, status.word) == (webhooks.account.id, part, "delivered")


@pytest.mark.parametrize("query", ["", "?part=", "?part=1", "?part=%00", "?other=1"])
async def test_a_status_of_nothing_of_ours_changes_nothing(query: str) -> None:
    webhooks = Webhooks()
    target = f"/webhooks/twilio/channels/{webhooks.account.id}/status{query}"

    answer = await webhooks.post({"MessageSid": "SM1", "MessageStatus": "sent"}, target)

    assert answer.status == 200
    assert not webhooks.told


@pytest.mark.parametrize("channel", [str(uuid.uuid4()), "helper", "%00", "1' OR '1'='1"])
async def test_a_status_of_no_channel_is_not_found(channel: str) -> None:
    target = f"/webhooks/twilio/channels/{channel}/status"

    assert (await Webhooks().post({"MessageStatus": "sent"}, target)).status == 404


async def test_with_a_key_statuses_need_the_secret_too() -> None:
    webhooks = Webhooks(account(BY_KEY))
    path = f"/webhooks/twilio/channels/{webhooks.account.id}/status"
    news = {**said(), "MessageStatus": "sent"}

    bare = await webhooks.post(news, f"{path}?part={uuid.uuid4()}", token=None)
    full = await webhooks.post(news, f"{path}/{WEBHOOK_SECRET}?part={uuid.uuid4()}", token=None)

    assert (bare.status, full.status, len(webhooks.told)) == (404, 200, 1)


async def raw(
    webhooks: Webhooks, asked: Scope, parts: Iterable[bytes], *, goes_on: bool = False
) -> Answer:
    """Send chunk by chunk; `goes_on` announces more that never comes."""
    answer, chunks = Answer(), iter(parts)

    async def receive() -> Message:
        chunk = next(chunks, None)
        if chunk is None and goes_on:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]

    await webhooks.app()(asked, receive, send)
    return answer

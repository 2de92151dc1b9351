"""The Events API as a hostile caller would use it, and as Slack does."""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from polyant_engine.channels.model import Account, Kind
from polyant_engine.channels.ports import InboxFull
from polyant_engine.channels.slack.routes import LARGEST_BODY, SlackWebhooks
from polyant_engine.core.clock import SystemClock
from polyant_engine.core.errors import DatabaseUnavailable
from polyant_engine.core.internal_secret import InternalSecret
from polyant_engine.core.middleware.faults import Faults
from polyant_engine.core.routing import Router
from support.asgi import Answer, request
from support.inbox import MemoryInbox
from support.twilio_world import Nobody

pytestmark = pytest.mark.asyncio

SECRET = "0123456789abcdef" * 2
APP = "A012AB3CD"
PATH = "/webhooks/slack/helper"
EVENT = {
    "type": "message",
    "channel": "D1",
    "channel_type": "im",
    "user": "U0ADA",
    "text": "hello",
    "ts": "1700000000.000100",
}


def callback(**around: Any) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "team_id": "T1",
        "api_app_id": APP,
        "event_id": "Ev1",
        "event": EVENT,
        **around,
    }


@dataclass
class World:
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    settings: Mapping[str, Any] = field(default_factory=lambda: {"mode": "events"})

    async def of_agent(self, slug: str, kind: Kind) -> Account | None:
        if (slug, kind) != ("helper", Kind.SLACK):
            return None
        return Account(
            id=uuid.UUID(int=1),
            agent_id=uuid.UUID(int=2),
            kind=Kind.SLACK,
            name=APP,
            version=1,
            settings=self.settings,
            secrets={"signingSecret": SECRET},
        )

    async def post(
        self,
        told: Any = None,
        path: str = PATH,
        *,
        secret: str = SECRET,
        late: float = 0,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send what Slack would, signed unless there is no secret."""
        sent = json.dumps(callback() if told is None else told).encode() if body is None else body
        given = {"content-type": "application/json", **(headers or {})}
        if secret:
            stamp = str(int(time.time() - late))
            said = f"v0:{stamp}:".encode() + sent
            made = hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()
            given |= {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={made}"}
        hooks = SlackWebhooks(self, self.inbox, SystemClock())
        app = Faults(Router(hooks.endpoints(), Nobody(), InternalSecret("x" * 20)))
        return await request(app, "POST", path, headers=given, body=sent)


async def test_the_handshake_is_answered_with_what_was_asked() -> None:
    answer = await World().post({"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV"})

    assert answer.status == 200
    assert answer.body == b"3eZbrw1aBm2rZgRNFdxV"


async def test_an_event_is_stored_and_then_answered() -> None:
    world = World()
    answer = await world.post()

    assert (answer.status, answer.body) == (200, b"")
    assert [each.text for each in world.inbox.messages] == ["hello"]


async def test_a_retry_is_heard_because_it_may_be_the_only_one() -> None:
    world = World()
    for number in (1, 2):
        again = {"x-slack-retry-num": str(number), "x-slack-retry-reason": "http_timeout"}
        answer = await world.post(headers=again)
        assert answer.status == 200

    assert len(world.inbox.messages) == 1
    assert world.inbox.known == 1


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": ""},
        {"secret": "f" * 32},
        {"late": 301},
        {"late": -301},
    ],
)
async def test_what_slack_did_not_sign_now_is_refused(forged: dict[str, Any]) -> None:
    world = World()
    answer = await world.post(**forged)

    assert answer.status == 401
    assert not world.inbox.events
    assert SECRET.encode() not in answer.body


async def test_the_handshake_needs_a_signature_too() -> None:
    answer = await World().post({"type": "url_verification", "challenge": "x"}, secret="")

    assert answer.status == 401


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"mode": "events"}, "/webhooks/slack/other"),
        ({"mode": "socket"}, PATH),
        ({}, PATH),
        ({"mode": "nonsense"}, PATH),
    ],
)
async def test_what_no_channel_listens_for_is_not_found(
    settings: dict[str, Any], path: str
) -> None:
    world = World(settings=settings)

    assert (await world.post(path=path)).status == 404
    assert not world.inbox.events


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'"x"', b"1e999"])
async def test_what_is_no_event_is_bad_and_stores_nothing(body: bytes) -> None:
    world = World()
    answer = await world.post(body=body)

    assert answer.status == 400
    assert not world.inbox.events


async def test_half_of_a_character_keeps_no_message_back() -> None:
    world = World()
    said = json.dumps(callback(event={**EVENT, "text": "half \ud83d"})).encode()

    assert (await world.post(body=said)).status == 200
    assert [each.text for each in world.inbox.messages] == ["half \ufffd"]


@pytest.mark.parametrize(
    "told", [{"type": "app_rate_limited"}, callback(api_app_id="A9OTHER"), {"type": 5}, {}]
)
async def test_what_is_not_for_this_channel_is_answered_and_left(told: dict[str, Any]) -> None:
    world = World()

    assert (await world.post(told)).status == 200
    assert not world.inbox.events


async def test_a_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    assert (await World().post(body=b"x" * (LARGEST_BODY + 1))).status == 413


@pytest.mark.parametrize(
    ("failure", "seconds"), [(InboxFull(5), "5"), (DatabaseUnavailable(), "2")]
)
async def test_what_cannot_be_stored_now_is_asked_for_again(
    failure: Exception, seconds: str
) -> None:
    answer = await World(MemoryInbox(failures=[failure])).post()

    assert answer.status == 503
    assert answer.headers["retry-after"] == seconds

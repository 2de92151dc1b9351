"""One account at work, with the vendor's calls replaced."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from polyant_engine.channels import model
from polyant_engine.channels.model import Address, LiveState, Sent
from polyant_engine.channels.ports import Permit
from polyant_engine.channels.twilio import adapter as tested
from polyant_engine.channels.twilio import api, sending
from polyant_engine.channels.twilio.adapter import TwilioAdapter
from polyant_engine.core.errors import DatabaseUnavailable
from polyant_engine.leadership.fence import Term
from support.clock import FrozenClock
from support.inbox import MemoryInbox
from support.telegram_world import Allowed, part
from support.twilio_settings import account, configured
from support.twilio_world import ADA, MemoryContacts

pytestmark = [pytest.mark.asyncio, pytest.mark.looptime]

NO_TERM = cast("Term", None)
REJECTED = api.Refused(401, 20003, "Authenticate", None)


@dataclass
class Calls:
    """The API; raises what it is told to, in this order."""

    failures: list[Exception] = field(default_factory=list)
    asked: list[Mapping[str, str]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    checks: int = 0

    async def create_message(self, asked: Mapping[str, str], permit: Permit) -> dict[str, Any]:
        permit.check()
        self.asked.append(asked)
        self._fail()
        return {"sid": "SM1", "status": "queued"}

    async def check(self) -> None:
        self.checks += 1
        self._fail()

    async def type(self, message_sid: str) -> None:
        self.typed.append(message_sid)
        self._fail()

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


@dataclass
class World:
    """An adapter and what it works with."""

    calls: Calls = field(default_factory=Calls)
    contacts: MemoryContacts = field(default_factory=lambda: MemoryContacts(MemoryInbox()))
    clock: FrozenClock = field(default_factory=FrozenClock)

    def __post_init__(self) -> None:
        self.contacts.heard[ADA] = "SM0"
        self.adapter = TwilioAdapter(
            account(), configured(), self.calls, self.contacts, self.clock, lambda _: None
        )

    def is_(self, state: LiveState) -> bool:
        return self.adapter.live.state is state

    async def send(self, permit: Permit | None = None) -> model.Outcome:
        message = part(0, "hello")
        message = replace(message, address=Address(chat=ADA))
        return await self.adapter.send(message, permit or Allowed())


async def test_it_runs_once_the_vendor_knows_it() -> None:
    world = World()

    await world.adapter.start(NO_TERM)
    assert world.is_(LiveState.STARTING)
    await asyncio.sleep(0.1)

    assert world.is_(LiveState.RUNNING)
    await world.adapter.stop()


async def test_refused_credentials_end_it_with_the_cure() -> None:
    world = World(Calls([REJECTED]))

    await world.adapter.start(NO_TERM)
    await asyncio.sleep(3600)

    assert world.is_(LiveState.FAILED)
    assert world.adapter.live.reason == tested.REJECTED
    assert world.calls.checks == 1
    await world.adapter.stop()


async def test_a_key_that_may_not_list_messages_may_still_send() -> None:
    world = World(Calls([api.Refused(403, 20003, "Permission denied", None)]))

    await world.adapter.start(NO_TERM)
    await asyncio.sleep(0.1)

    assert world.is_(LiveState.RUNNING)
    await world.adapter.stop()


@pytest.mark.parametrize(
    "failure",
    [
        api.NotWritten("no way"),
        api.NotUnderstood("odd"),
        api.Refused(429, 20429, "slow down", None),
        RuntimeError("a bug"),
    ],
)
async def test_anything_else_is_tried_again(failure: Exception) -> None:
    world = World(Calls([failure] * 3))

    await world.adapter.start(NO_TERM)
    await asyncio.sleep(0.1)
    first = world.adapter.live
    await asyncio.sleep(10)

    assert (first.state, first.next_try is not None) == (LiveState.DEGRADED, True)
    assert world.is_(LiveState.RUNNING)
    assert world.calls.checks == 4
    await world.adapter.stop()


async def test_a_stop_ends_the_tries_also_before_a_start() -> None:
    world = World(Calls([api.NotWritten("no way")] * 100))
    await world.adapter.stop()

    await world.adapter.start(NO_TERM)
    await asyncio.sleep(0.1)
    await world.adapter.stop()
    checks = world.calls.checks
    await asyncio.sleep(1000)

    assert world.calls.checks == checks


async def test_a_message_is_sent_with_the_permit() -> None:
    world, permit = World(), Allowed()

    assert await world.send(permit) == Sent("SM1")
    assert len(permit.checks) == 1


async def test_nothing_is_sent_to_who_opted_out() -> None:
    world = World()
    world.contacts.out.add(ADA)

    outcome = await world.send()

    assert outcome == model.Refused(reason=sending.SAID_STOP, is_permanent=True)
    assert not world.calls.asked


async def test_whether_somebody_opted_out_must_be_known() -> None:
    world = World()
    world.contacts.failures.append(DatabaseUnavailable())

    outcome = await world.send()

    assert isinstance(outcome, model.Refused)
    assert not outcome.is_permanent
    assert not world.calls.asked


async def test_who_never_wrote_gets_a_template_or_nothing() -> None:
    world = World()
    world.contacts.heard.clear()

    assert await world.send() == model.Refused(reason=sending.LATE, is_permanent=True)
    assert not world.calls.asked


async def test_who_opted_out_at_the_vendor_is_known_from_then_on() -> None:
    world = World(Calls([api.Refused(400, 21610, "unsubscribed", None)]))

    await world.send()

    assert ADA in world.contacts.out
    assert await world.send() == model.Refused(reason=sending.SAID_STOP, is_permanent=True)
    assert len(world.calls.asked) == 1


async def test_credentials_that_are_refused_while_sending_end_it_for_good() -> None:
    world = World(Calls([REJECTED]))

    outcome = await world.send()
    await world.send()

    assert isinstance(outcome, model.Refused)
    assert not outcome.is_permanent
    assert world.is_(LiveState.FAILED)


async def test_trouble_is_shown_and_forgotten() -> None:
    world = World(Calls([api.NotWritten("no way")]))

    await world.send()
    assert world.is_(LiveState.DEGRADED)
    await world.send()

    assert world.is_(LiveState.RUNNING)


async def test_typing_is_shown_again_when_it_would_end() -> None:
    world = World()
    for _ in range(3):
        await world.adapter.typing(Address(chat=ADA))
    world.clock.advance(21)
    await world.adapter.typing(Address(chat=ADA))

    assert world.calls.typed == ["SM0", "SM0"]


async def test_typing_is_for_whatsapp_and_no_error_of_it_is_anybodys() -> None:
    world = World(Calls([api.NotUnderstood("odd")]))

    await world.adapter.typing(Address(chat="+491701234567"))
    await world.adapter.typing(Address(chat="whatsapp:+4900000"))
    await world.adapter.typing(Address(chat=ADA))

    assert world.calls.typed == ["SM0"]

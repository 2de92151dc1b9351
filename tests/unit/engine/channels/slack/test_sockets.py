"""Two sockets in virtual time, against connections that are written down."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from polyant_engine.channels.model import Account, Kind, Live, LiveState
from polyant_engine.channels.ports import InboxFull
from polyant_engine.channels.slack import sockets
from polyant_engine.channels.slack.api import Limited, NotUnderstood, NotWritten, Refused
from polyant_engine.channels.slack.configuration import Configuration
from polyant_engine.channels.slack.reading import Self
from polyant_engine.channels.slack.sockets import (
    CLOSED,
    FULL,
    NO_HELLO,
    OTHER_PROGRAM,
    SWITCHED_OFF,
    TOO_MANY,
    SocketMode,
)
from polyant_engine.core.errors import DatabaseUnavailable
from support.inbox import MemoryInbox

pytestmark = [pytest.mark.asyncio, pytest.mark.looptime]

ACCOUNT = Account(
    id=uuid.UUID(int=1), agent_id=uuid.UUID(int=2), kind=Kind.SLACK, name="A0APP", version=1
)
RUNNING = (LiveState.RUNNING, "")


def now() -> float:
    return asyncio.get_running_loop().time()


class LoopClock:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return now()


def envelope(number: int, kind: str = "events_api") -> dict[str, Any]:
    event = {
        "type": "message",
        "channel": "D1",
        "channel_type": "im",
        "user": "U0ADA",
        "text": f"message {number}",
        "ts": f"1700000000.{number:06d}",
    }
    payload = {"team_id": "T1", "event_id": f"Ev{number}", "event": event}
    return {"type": kind, "envelope_id": f"e{number}", "payload": payload}


@dataclass(eq=False)
class Line:
    """One connection: says hello, then what it is given."""

    vendor: "Vendor"
    opened_at: float
    inbox: "asyncio.Queue[Mapping[str, Any] | None]" = field(default_factory=asyncio.Queue)
    acknowledged: list[str] = field(default_factory=list)
    closed_at: float | None = None

    async def receive(self) -> Mapping[str, Any] | None:
        return await self.inbox.get()

    async def acknowledge(self, envelope: str) -> None:
        self.acknowledged.append(envelope)
        self.vendor.kept_when_acknowledged.append(len(self.vendor.inbox.events))

    def says(self, *messages: Mapping[str, Any] | None) -> None:
        for message in messages:
            self.inbox.put_nowait(message)


@dataclass
class Vendor:
    """Gives connections; `failures` come first. What is `foreign` is somebody else's."""

    inbox: MemoryInbox
    failures: list[Exception] = field(default_factory=list)
    foreign: int = 0
    is_silent: bool = False
    greeting: Callable[[Line], None] = lambda _: None
    dialled: list[float] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    kept_when_acknowledged: list[int] = field(default_factory=list)

    @property
    def open(self) -> list[Line]:
        return [line for line in self.lines if line.closed_at is None]

    @asynccontextmanager
    async def dial(self) -> AsyncIterator[Line]:
        self.dialled.append(now())
        if self.failures:
            raise self.failures.pop(0)
        line = Line(self, now())
        self.lines.append(line)
        if not self.is_silent:
            line.says({"type": "hello", "num_connections": len(self.open) + self.foreign})
        self.greeting(line)
        try:
            yield line
        finally:
            line.closed_at = now()


@dataclass
class World:
    vendor: Vendor
    told: list[Live] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None

    @property
    def inbox(self) -> MemoryInbox:
        return self.vendor.inbox

    @property
    def states(self) -> list[tuple[LiveState, str]]:
        """The live states, each change once."""
        found: list[tuple[LiveState, str]] = []
        for live in self.told:
            if not found or found[-1] != (live.state, live.reason):
                found.append((live.state, live.reason))
        return found


@asynccontextmanager
async def world(**vendor: Any) -> AsyncIterator[World]:
    """Sockets at work for three seconds, so both are open."""
    made = World(Vendor(vendor.pop("inbox", None) or MemoryInbox(), **vendor))
    mode = SocketMode(
        dial=made.vendor.dial,
        account=ACCOUNT,
        configuration=Configuration(),
        me=Self(team="T1", user="U0BOT"),
        intake=made.inbox,
        clock=LoopClock(),
        tell=made.told.append,
        random=Random(1),  # noqa: S311  repeatable
    )
    made.task = asyncio.create_task(mode.run())
    await asyncio.sleep(3)
    try:
        yield made
    finally:
        made.task.cancel()
        await asyncio.wait([made.task])
        assert not made.vendor.open


async def test_two_sockets_are_opened_apart() -> None:
    async with world() as found:
        assert [line.opened_at for line in found.vendor.open] == [0, 2]
        assert found.states == [RUNNING]


async def test_an_event_is_acknowledged_on_its_socket_after_it_is_stored() -> None:
    async with world() as found:
        one, other = found.vendor.lines
        one.says(envelope(1))
        other.says(envelope(2))
        await asyncio.sleep(1)

        assert one.acknowledged == ["e1"]
        assert other.acknowledged == ["e2"]
        assert [each.text for each in found.inbox.messages] == ["message 1", "message 2"]
        assert all(kept >= 1 for kept in found.vendor.kept_when_acknowledged)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (DatabaseUnavailable(), str(DatabaseUnavailable())),
        (InboxFull(2), FULL),
        (RuntimeError("bug"), "Internal error: RuntimeError."),
    ],
)
async def test_what_cannot_be_stored_is_kept_and_not_acknowledged_until_it_is(
    failure: Exception, reason: str
) -> None:
    async with world(inbox=MemoryInbox(failures=[failure] * 3)) as found:
        line = found.vendor.lines[0]
        line.says(envelope(1))
        await asyncio.sleep(0.1)
        assert line.acknowledged == []
        assert found.told[-1].reason == reason
        await asyncio.sleep(20)

        assert line.acknowledged == ["e1"]
        assert found.states[-2:] == [(LiveState.DEGRADED, reason), RUNNING]


async def test_what_is_more_than_can_be_kept_is_left_to_the_vendors_next_try() -> None:
    most = sockets.MOST_WAITING
    async with world(inbox=MemoryInbox(failures=[DatabaseUnavailable()])) as found:
        line = found.vendor.lines[0]
        line.says(*(envelope(number) for number in range(most + 50)))
        await asyncio.sleep(30)
        kept = len(line.acknowledged)
        line.says(*(envelope(number) for number in range(most - 10, most + 50)))
        await asyncio.sleep(30)

        assert most <= kept < most + 50
        assert len(found.inbox.messages) == most + 50


async def test_buttons_and_commands_are_acknowledged_and_nothing_else() -> None:
    async with world() as found:
        line = found.vendor.lines[0]
        line.says(envelope(1, "interactive"), envelope(2, "slash_commands"))
        line.says({"type": "events_api", "envelope_id": "e3", "payload": []}, {"type": "news"})
        await asyncio.sleep(1)

        assert line.acknowledged == ["e1", "e2", "e3"]
        assert not found.inbox.events


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "whatever"])
async def test_who_is_told_to_leave_reads_on_until_the_next_one_is_open(reason: str) -> None:
    async with world() as found:
        await asyncio.sleep(60)
        old = found.vendor.lines[0]
        old.says({"type": "disconnect", "reason": reason})
        await asyncio.sleep(0.1)
        assert len(found.vendor.open) == 3
        old.says(envelope(1))
        await asyncio.sleep(0.1)
        assert old.acknowledged == ["e1"]
        await asyncio.sleep(30)

        assert old.closed_at is not None
        assert len(found.vendor.open) == 2
        assert found.states == [RUNNING]


async def test_a_renewal_that_fails_leaves_the_old_socket_at_work_as_long_as_it_may() -> None:
    async with world() as found:
        await asyncio.sleep(60)
        found.vendor.failures = [NotWritten("away")] * 2
        old = found.vendor.lines[0]
        old.says({"type": "disconnect", "reason": "warning"})
        await asyncio.sleep(1)
        old.says(envelope(1))
        await asyncio.sleep(10)

        assert old.acknowledged == ["e1"]
        assert len(found.vendor.open) >= 2


async def test_a_socket_that_the_vendor_closes_is_opened_again_at_once() -> None:
    async with world() as found:
        await asyncio.sleep(60)
        found.vendor.lines[0].says(None)
        await asyncio.sleep(0.1)

        assert len(found.vendor.open) == 2
        assert found.states == [RUNNING]


async def test_sockets_that_are_closed_at_once_make_no_busy_loop() -> None:
    async with world(greeting=lambda line: line.says(None)) as found:
        await asyncio.sleep(600)

        assert len(found.vendor.dialled) < 40
        assert (LiveState.DEGRADED, CLOSED) in found.states


async def test_renewals_that_are_asked_for_at_once_make_no_busy_loop() -> None:
    refresh = {"type": "disconnect", "reason": "refresh_requested"}
    async with world(greeting=lambda line: line.says(refresh)) as found:
        await asyncio.sleep(600)

        assert len(found.vendor.dialled) < 40


async def test_a_socket_that_says_nothing_is_not_counted_on() -> None:
    async with world(is_silent=True) as found:
        assert found.states == []
        await asyncio.sleep(40)

        assert (LiveState.DEGRADED, NO_HELLO) in found.states
        assert found.vendor.lines[0].closed_at == pytest.approx(sockets.HELLO_SECONDS)


@pytest.mark.parametrize(
    ("word", "reason"), [("link_disabled", SWITCHED_OFF), ("too_many_websockets", TOO_MANY)]
)
async def test_what_only_a_human_can_change_is_told_and_tried_seldom(
    word: str, reason: str
) -> None:
    blocked = {"type": "disconnect", "reason": word}
    async with world(greeting=lambda line: line.says(blocked, None)) as found:
        await asyncio.sleep(3600)
        seldom = len(found.vendor.dialled)
        found.vendor.greeting = lambda _: None
        await asyncio.sleep(400)

        assert seldom < 60
        assert (LiveState.DEGRADED, reason) in found.states
        assert found.states[-1] == RUNNING


@pytest.mark.parametrize(
    "failure",
    [NotWritten("away"), NotUnderstood("HTML"), Refused("fatal"), RuntimeError("bug")],
)
async def test_trouble_is_told_waited_out_longer_and_longer_and_forgotten(
    failure: Exception,
) -> None:
    async with world(failures=[failure] * 20) as found:
        await asyncio.sleep(900)

        assert found.states[0][0] is LiveState.DEGRADED
        assert found.told[0].next_try is not None
        assert found.states[-1] == RUNNING
        assert max(later - sooner for sooner, later in pairwise(found.vendor.dialled)) > 10


async def test_one_failure_of_one_line_is_not_worth_a_word() -> None:
    async with world() as found:
        await asyncio.sleep(60)
        found.vendor.failures = [NotWritten("away")]
        found.vendor.lines[0].says(None)
        await asyncio.sleep(60)

        assert found.states == [RUNNING]


async def test_the_vendor_is_left_alone_for_as_long_as_it_asks() -> None:
    async with world(failures=[Limited("ratelimited", 45)]) as found:
        await asyncio.sleep(60)

        assert found.vendor.dialled == [0, 2, 45]


@pytest.mark.parametrize("word", ["invalid_auth", "not_authed", "missing_scope", "token_revoked"])
async def test_a_refused_token_ends_everything(word: str) -> None:
    async with world() as found:
        await asyncio.sleep(60)
        found.vendor.failures = [Refused(word)]
        found.vendor.lines[1].says(None)
        await asyncio.sleep(1)

        assert found.task is not None
        assert found.task.done()
        with pytest.raises(Refused, match=word):
            found.task.result()


async def test_a_program_elsewhere_with_the_same_token_is_told_of_and_its_end_too() -> None:
    async with world(foreign=1) as found:
        await asyncio.sleep(100)
        assert found.states[-1] == (LiveState.DEGRADED, OTHER_PROGRAM)
        found.vendor.foreign = 0
        await asyncio.sleep(400)

        assert found.states[-1] == RUNNING
        assert len(found.vendor.dialled) < 12


async def test_connections_of_a_process_that_died_are_no_other_program() -> None:
    async with world() as found:
        found.vendor.foreign = 2
        found.vendor.lines[0].says(None)
        await asyncio.sleep(20)
        found.vendor.foreign = 0
        await asyncio.sleep(200)

        assert found.states in ([RUNNING], [RUNNING, (LiveState.DEGRADED, CLOSED), RUNNING])

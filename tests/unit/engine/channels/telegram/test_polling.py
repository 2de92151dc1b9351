"""A poll loop in virtual time, against answers that are written down."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from polyant_engine.channels.model import Account, Kind, Live, LiveState
from polyant_engine.channels.ports import InboxFull
from polyant_engine.channels.telegram import polling
from polyant_engine.channels.telegram.api import CALL_SECONDS, NotUnderstood, NotWritten, Refused
from polyant_engine.channels.telegram.configuration import Configuration
from polyant_engine.channels.telegram.polling import (
    OTHER_POLLER,
    REJECTED,
    WEBHOOK_SET,
    Backoff,
    Poller,
)
from polyant_engine.core.errors import DatabaseUnavailable
from support.inbox import MemoryInbox

pytestmark = [pytest.mark.asyncio, pytest.mark.looptime]

ACCOUNT = Account(
    id=uuid.UUID(int=1), agent_id=uuid.UUID(int=2), kind=Kind.TELEGRAM, name="7", version=1
)
ME = {"id": 7, "is_bot": True, "first_name": "Helper", "username": "helper_bot"}
ADA = {"id": 5, "first_name": "Ada"}
CONFLICT = Refused(409, "Conflict: terminated by other getUpdates request", {})


class LoopClock:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def update(number: int, text: str = "hi", date: int = 1_700_000_000) -> dict[str, Any]:
    content = {"message_id": number, "date": date, "chat": {"id": 5, "type": "private"}}
    return {"update_id": number, "message": {**content, "from": ADA, "text": text}}


@dataclass
class Vendor:
    """Answers one after the other; then every poll waits for its time and brings nothing."""

    answers: list[Any] = field(default_factory=list)
    hello: list[Any] = field(default_factory=list)
    asked: list[tuple[float, str, Mapping[str, Any]]] = field(default_factory=list)
    waiting: int = 0
    most_waiting: int = 0

    async def call(
        self, method: str, arguments: Mapping[str, Any], *, seconds: float = CALL_SECONDS
    ) -> Any:
        assert seconds > arguments.get("timeout", 0)
        self.asked.append((asyncio.get_running_loop().time(), method, arguments))
        if method != "getUpdates":
            answer = self.hello.pop(0) if self.hello and method == "getMe" else ME
        else:
            answer = self.answers.pop(0) if self.answers else await self._nothing(arguments)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _nothing(self, arguments: Mapping[str, Any]) -> Sequence[Any]:
        self.waiting += 1
        self.most_waiting = max(self.waiting, self.most_waiting)
        try:
            await asyncio.sleep(arguments["timeout"])
        finally:
            self.waiting -= 1
        return []

    @property
    def polls(self) -> list[tuple[float, int | None]]:
        found = [each for each in self.asked if each[1] == "getUpdates"]
        return [(at, arguments.get("offset")) for at, _, arguments in found]


@dataclass
class World:
    vendor: Vendor
    inbox: MemoryInbox
    told: list[Live] = field(default_factory=list)

    async def run(self, seconds: float) -> None:
        poller = Poller(
            api=self.vendor,
            account=ACCOUNT,
            configuration=Configuration(),
            intake=self.inbox,
            clock=LoopClock(),
            tell=self.told.append,
            random=Random(1),  # noqa: S311  repeatable
        )
        task = asyncio.create_task(poller.run())
        await asyncio.wait([task], timeout=seconds)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() or task.exception() is None

    @property
    def states(self) -> list[tuple[LiveState, str]]:
        """The live states, each change once."""
        found: list[tuple[LiveState, str]] = []
        for live in self.told:
            if not found or found[-1] != (live.state, live.reason):
                found.append((live.state, live.reason))
        return found


async def ran(seconds: float, *answers: Any, **more: Any) -> World:
    hello, inbox = more.pop("hello", []), MemoryInbox(**more)
    world = World(Vendor(list(answers), hello), inbox)
    await world.run(seconds)
    return world


async def test_an_offset_confirms_only_what_is_stored() -> None:
    world = await ran(60, [update(10), update(11)], [update(12)])

    assert [offset for _, offset in world.vendor.polls[:3]] == [None, 12, 13]
    assert world.inbox.offsets == [12, 13]
    assert len(world.inbox.events) == 3
    assert world.states == [(LiveState.STARTING, ""), (LiveState.RUNNING, "")]


async def test_a_webhook_of_an_earlier_mode_is_ended_without_dropping_updates() -> None:
    world = await ran(1)

    assert [method for _, method, _ in world.vendor.asked[:3]] == [
        "getMe",
        "deleteWebhook",
        "getUpdates",
    ]
    assert world.vendor.asked[1][2] == {"drop_pending_updates": False}


async def test_a_failed_store_confirms_nothing_and_the_updates_come_again() -> None:
    world = await ran(60, [update(10)], [update(10)], first=10, failures=[DatabaseUnavailable()])

    assert [offset for _, offset in world.vendor.polls[:3]] == [10, 10, 11]
    assert (LiveState.DEGRADED, str(DatabaseUnavailable())) in world.states
    assert world.states[-1] == (LiveState.RUNNING, "")


async def test_a_full_inbox_is_left_alone_for_as_long_as_it_asks() -> None:
    world = await ran(60, [update(10)], [update(10)], failures=[InboxFull(7)])

    assert world.vendor.polls[1][0] - world.vendor.polls[0][0] == pytest.approx(7)


async def test_ids_that_begin_anew_after_an_idle_week_are_followed_down() -> None:
    world = await ran(60, [update(500)], [update(500)], first=1_000_000)

    assert [offset for _, offset in world.vendor.polls[:2]] == [1_000_000, 501]
    assert world.inbox.offsets == [501, 501]


async def test_an_offset_is_forgotten_before_the_vendor_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(polling, "IDLE_SECONDS", 3600.0)

    world = await ran(3800, first=9)

    polls = world.vendor.polls
    assert {offset for at, offset in polls if at < 3600} == {9}
    assert {offset for at, offset in polls if at > 3630} == {None}


async def test_updates_that_come_again_and_again_make_no_busy_loop() -> None:
    world = await ran(30, *([[update(10)]] * 1000))

    assert len(world.vendor.polls) < 70
    assert len(world.inbox.events) == 1


async def test_empty_answers_at_once_make_no_busy_loop() -> None:
    world = await ran(30, *([[]] * 1000))

    assert len(world.vendor.polls) < 70


async def test_another_poller_is_told_and_left_alone_longer_and_longer() -> None:
    world = await ran(100, *([CONFLICT] * 5))

    times = [at for at, _ in world.vendor.polls][:6]
    waits = [later - sooner for sooner, later in pairwise(times)]
    assert (LiveState.DEGRADED, OTHER_POLLER) in world.states
    assert waits[0] >= 2.5
    assert waits[-1] >= 15
    assert max(waits) <= 30


async def test_a_poll_after_a_conflict_waits_so_that_it_proves_something() -> None:
    world = await ran(70, CONFLICT)

    assert [
        arguments.get("timeout")
        for _, name, arguments in world.vendor.asked
        if name == "getUpdates"
    ][:2] == [0, 25]
    assert world.states[-1] == (LiveState.RUNNING, "")


async def test_a_webhook_of_somebody_else_is_not_fought_over() -> None:
    refused = Refused(409, "Conflict: can't use getUpdates method while webhook is active", {})

    world = await ran(60, refused, refused)

    assert (LiveState.DEGRADED, WEBHOOK_SET) in world.states
    assert [name for _, name, _ in world.vendor.asked].count("deleteWebhook") == 1


@pytest.mark.parametrize("code", [401, 404])
async def test_a_refused_token_ends_all_tries(code: int) -> None:
    world = await ran(10_000, Refused(code, "Unauthorized", {}))

    assert len(world.vendor.asked) == 3
    assert world.told[-1] == Live(state=LiveState.FAILED, reason=REJECTED)


async def test_a_token_that_is_refused_at_once_does_too() -> None:
    world = await ran(10_000, hello=[Refused(401, "Unauthorized", {})])

    assert len(world.vendor.asked) == 1
    assert world.told[-1].state is LiveState.FAILED


async def test_what_the_vendor_wants_to_wait_is_waited() -> None:
    world = await ran(60, Refused(429, "Too Many Requests", {"retry_after": 9}))

    assert world.vendor.polls[1][0] - world.vendor.polls[0][0] == pytest.approx(9)


@pytest.mark.parametrize("seconds", [10**30, -5, None, "soon"])
async def test_no_retry_after_stops_a_poller_for_good(seconds: Any) -> None:
    world = await ran(3700, Refused(429, "Too Many Requests", {"retry_after": seconds}))

    assert len(world.vendor.polls) > 1


@pytest.mark.parametrize(
    "failure",
    [NotWritten("no way"), NotUnderstood("HTML"), Refused(500, "oops", {}), RuntimeError("bug")],
)
async def test_trouble_is_told_waited_out_and_forgotten(failure: Exception) -> None:
    world = await ran(400, *([failure] * 6))

    times = [at for at, _ in world.vendor.polls][:7]
    waits = [later - sooner for sooner, later in pairwise(times)]
    assert all(later > sooner * 0.9 for sooner, later in pairwise(waits))
    assert [state for state, _ in world.states] == [
        LiveState.STARTING,
        LiveState.DEGRADED,
        LiveState.RUNNING,
    ]
    assert world.told[1].next_try is not None


@pytest.mark.parametrize(
    "answer", [None, {}, [5], [{}], [{"update_id": "1"}], [{"update_id": True}], "x"]
)
async def test_an_answer_that_holds_no_updates_confirms_nothing(answer: Any) -> None:
    world = await ran(60, answer, [update(3)], first=3)

    assert world.inbox.offsets == [4]
    assert [offset for _, offset in world.vendor.polls[:2]] == [3, 3]


async def test_who_says_no_sensible_hello_is_asked_again() -> None:
    world = await ran(60, hello=[{"name": "nobody"}, NotWritten("away")])

    assert [name for _, name, _ in world.vendor.asked].count("getMe") == 3
    assert world.states[-1] == (LiveState.RUNNING, "")


async def test_there_is_never_more_than_one_poll() -> None:
    world = await ran(1000, [update(1)], CONFLICT, NotWritten("away"))

    assert world.vendor.most_waiting == 1
    assert world.vendor.waiting == 0


async def test_waits_grow_to_their_longest_and_are_never_the_same_for_all() -> None:
    backoff = Backoff(Random(3))  # noqa: S311  repeatable
    waits = [backoff.next(1, 60) for _ in range(2000)]

    assert 0.5 <= waits[0] <= 1
    assert min(waits[6:]) >= 30
    assert max(waits) <= 60
    assert len(set(waits)) == 2000

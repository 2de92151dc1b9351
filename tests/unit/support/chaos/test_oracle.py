"""The oracle: what is well is not accused, and each broken promise is found and told with its history."""

from dataclasses import replace
from typing import Any

import pytest

from support.chaos.evidence import (
    Delivered,
    Evidence,
    Fault,
    Message,
    Part,
    Poll,
    Said,
    Stored,
    Turn,
    Write,
)
from support.chaos.oracle import judge
from support.chaos.verdict import Promise

PLACE = ("telegram", "7", "42")
TEXT = "You said: m1"


def write(number: int, table: str, **more: Any) -> Write:
    """A change by the replica that leads, with epoch and term of the fence."""
    given: dict[str, Any] = {
        "at": float(number),
        "replica": "a",
        "application": "polyant-leader",
        "subject": "",
        "before": "",
        "after": "",
        "epoch": 1,
        "term": "t1",
        "fence_epoch": 1,
        "fence_term": "t1",
        "fence_holder": "a_1234",
    }
    return Write(number=number, table=table, **{**given, **more})


def promotion(number: int, epoch: int, holder: str) -> Write:
    names = {"fence_epoch": epoch, "fence_term": f"t{epoch}", "fence_holder": f"{holder}_1"}
    return write(number, "fence", after=str(epoch), epoch=epoch, replica=holder, **names)


TURN = Turn(
    id="turn-1",
    conversation="c",
    state="done",
    first_seq=1,
    losses=0,
    error="",
    replies=(TEXT,),
)
PART = Part(
    id="part-1",
    seq=1,
    place=PLACE,
    turn="turn-1",
    text=TEXT,
    state="sent",
    external_id="900",
    reason="",
)
STORED = Stored(
    kind="telegram",
    account="7",
    key="100",
    is_accepted=True,
    reason="",
    content="m1",
    conversation="c",
    seq=1,
    turn="turn-1",
)
MESSAGE = Message(conversation="c", seq=1, turn="turn-1", content="m1")
DELIVERED = Delivered(place=PLACE, text=TEXT, external_id="900", at=7.1, asked_at=7.0, replica="a")
WELL = Evidence(
    said=[Said(place=PLACE, key="100", token="m1", at=1.0, acknowledged_at=2.0)],
    delivered=[DELIVERED],
    polls=[Poll(kind="telegram", account="7", replica="a", begun=1.5, ended=2.0)],
    stored=[STORED],
    messages=[MESSAGE],
    turns=[TURN],
    parts=[PART],
    writes=[
        promotion(0, 1, "a"),
        write(
            3, "turns", subject="turn-1", before="collecting", after="queued", epoch=None, term=""
        ),
        write(4, "turns", subject="turn-1", before="queued", after="running", epoch=None, term=""),
        write(5, "turns", subject="turn-1", before="running", after="done", epoch=None, term=""),
        write(6, "outbox", subject="part-1", before="queued", after="sending"),
        write(8, "outbox", subject="part-1", before="sending", after="sent"),
    ],
)


def test_what_is_well_is_not_accused() -> None:
    verdict = judge(WELL)

    assert verdict.violations == []
    assert verdict.counts["messages"] == verdict.counts["sent"] == 1


def second(**more: Any) -> dict[str, Any]:
    """The evidence with another delivery of the same part."""
    again = replace(DELIVERED, external_id="901", at=7.5, asked_at=7.4, **more)
    return {"delivered": [DELIVERED, again]}


def also(change: Write) -> dict[str, Any]:
    return {"writes": [*WELL.writes, change]}


def polls(*begun: float) -> dict[str, Any]:
    mine = [Poll(kind="telegram", account="7", replica="a", begun=at, ended=None) for at in begun]
    return {**also(promotion(20, 2, "b")), "polls": mine}


BROKEN: dict[str, tuple[dict[str, Any], set[Promise]]] = {
    "an acknowledged message that is stored nowhere": (
        {"stored": [], "messages": [], "turns": [], "parts": [], "delivered": [], "writes": []},
        {Promise.STORED, Promise.SETTLED},
    ),
    "a message that is stored twice": (
        {"messages": [MESSAGE, replace(MESSAGE, seq=2)]},
        {Promise.STORED},
    ),
    "a message that was ignored": (
        {"stored": [replace(STORED, is_accepted=False, reason="edited")]},
        {Promise.STORED},
    ),
    "a turn that is committed twice": (
        also(write(9, "turns", subject="turn-1", before="running", after="done", epoch=None)),
        {Promise.ANSWERED},
    ),
    "a reply that answers something else": (
        {"turns": [replace(TURN, replies=("You said: m2",))]},
        {Promise.ANSWERED},
    ),
    "a turn with two replies": (
        {"turns": [replace(TURN, replies=(TEXT, TEXT))]},
        {Promise.ANSWERED},
    ),
    "a turn that failed by no documented rule": (
        {"turns": [replace(TURN, state="abandoned", losses=2)]},
        {Promise.ANSWERED},
    ),
    "a part that is sent twice": (second(), {Promise.SENT_ONCE, Promise.HONEST}),
    "a part that the vendor never got": ({"delivered": []}, {Promise.HONEST}),
    "a dead part that was delivered": (
        {"parts": [replace(PART, state="dead", external_id="")]},
        {Promise.HONEST},
    ),
    "words that no turn said": (
        {"delivered": [DELIVERED, replace(DELIVERED, text="hm", external_id="901")]},
        {Promise.SENT_ONCE, Promise.HONEST},
    ),
    "a part that somebody else sent": (
        {"delivered": [replace(DELIVERED, replica="b")]},
        {Promise.PERMITTED},
    ),
    "a part that was sent long after its claim": (
        {"delivered": [replace(DELIVERED, asked_at=9.7, at=9.8)]},
        {Promise.PERMITTED},
    ),
    "a write of an old epoch": (
        also(write(9, "leader_heartbeat", fence_epoch=2, fence_term="t2", fence_holder="b_1")),
        {Promise.FENCED},
    ),
    "a burst that somebody else fires": (
        also(
            write(9, "turns", before="collecting", after="queued", epoch=None, term="", replica="b")
        ),
        {Promise.FENCED},
    ),
    "an epoch that was used twice": (
        also(write(9, "outbox", subject="part-1", before="queued", after="sending", term="t0")),
        {Promise.FENCED},
    ),
    "an old leader that goes on to poll": (polls(21.0, 22.0), {Promise.ONE_POLLER}),
    "a turn that nobody runs": (
        {"turns": [TURN, replace(TURN, id="turn-2", state="queued", first_seq=2)]},
        {Promise.SETTLED},
    ),
    "a part that nobody sends": (
        {"parts": [PART, replace(PART, id="part-2", seq=2, text="m2", state="queued")]},
        {Promise.SETTLED},
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_promise_is_found(case: str) -> None:
    changes, broken = BROKEN[case]

    assert judge(replace(WELL, **changes)).broken == broken


def two_messages(**more: Any) -> Evidence:
    later = Said(place=PLACE, key="101", token="m2", at=1.2, acknowledged_at=2.0)
    stored = replace(STORED, key="101", content="m2", seq=2, turn="turn-2")
    turn = replace(TURN, id="turn-2", first_seq=2, replies=("You said: m2",))
    part = replace(PART, id="part-2", seq=2, turn="turn-2", text="You said: m2", external_id="901")
    claim = write(6, "outbox", subject="part-2", before="queued", after="sending")
    delivered = replace(DELIVERED, text="You said: m2", external_id="901", at=7.6, asked_at=7.5)
    given: dict[str, Any] = {
        "said": [*WELL.said, later],
        "stored": [STORED, stored],
        "messages": [MESSAGE, replace(MESSAGE, content="m2", seq=2, turn="turn-2")],
        "turns": [TURN, turn],
        "parts": [PART, part],
        "writes": [*WELL.writes, claim],
        "delivered": [DELIVERED, delivered],
    }
    return replace(WELL, **{**given, **more})


def test_two_messages_in_order_are_well() -> None:
    assert judge(two_messages()).violations == []


def test_messages_that_changed_places_are_found() -> None:
    first = replace(STORED, seq=2)
    other = replace(two_messages().stored[1], seq=1)

    assert judge(two_messages(stored=[first, other])).broken == {Promise.ORDER}


def test_replies_that_changed_places_are_found() -> None:
    late = replace(DELIVERED, at=8.0, asked_at=7.9)

    verdict = judge(two_messages(delivered=[late, two_messages().delivered[1]]))

    assert verdict.broken == {Promise.ORDER}


@pytest.mark.parametrize(
    "changes",
    [
        {"parts": [replace(PART, state="unknown", external_id="")]},
        {"parts": [replace(PART, state="unknown", external_id="")], "delivered": []},
        {"parts": [replace(PART, state="dead", external_id="")], "delivered": []},
        {"is_sent_again": True, **second()},
        polls(21.0),
    ],
    ids=["unknown and sent", "unknown and not sent", "dead", "the other policy", "the last poll"],
)
def test_what_the_policy_allows_is_well(changes: dict[str, Any]) -> None:
    assert judge(replace(WELL, **changes)).violations == []


def test_a_new_leader_decides_about_what_the_old_one_left() -> None:
    new = {"fence_epoch": 2, "fence_term": "t2", "fence_holder": "b_1", "replica": "b"}
    settled = write(9, "outbox", subject="part-1", before="sending", after="unknown", **new)

    assert judge(replace(WELL, **also(settled))).violations == []


def test_a_turn_that_was_lost_too_often_is_dead_by_a_rule() -> None:
    given_up = replace(TURN, state="abandoned", losses=3, replies=())

    assert judge(replace(WELL, turns=[given_up])).violations == []


def test_what_a_frozen_network_held_up_is_not_late() -> None:
    late = replace(DELIVERED, asked_at=12.0, at=12.1)
    frozen = Fault(name="vendor-frozen", target="a", begun=6.5, ended=11.9)

    assert judge(replace(WELL, delivered=[late], faults=[frozen])).violations == []


def test_a_violation_tells_the_whole_history() -> None:
    fault = Fault(name="killed", target="a", begun=7.2, ended=7.3)

    [found] = [
        each
        for each in judge(replace(WELL, faults=[fault], **second())).violations
        if each.promise is Promise.SENT_ONCE
    ]
    text = str(found)

    assert "was sent 2 times for 1 part(s)" in text
    for line in ("queued -> running by a", "queued -> sending by a", "as 901", "* killed a begins"):
        assert line in text

"""The sender: each part once, whatever the database, the vendor and the election do."""

import asyncio

import pytest

from polyant_engine.channels import sender
from polyant_engine.channels.model import Outcome, Part, RetryAfter, Sent, Unknown
from polyant_engine.channels.permits import PERMIT_SECONDS, TimedPermit
from polyant_engine.channels.ports import Permit, PermitExpired
from polyant_engine.channels.retrying import PartState
from polyant_engine.channels.sender import Sender
from polyant_engine.leadership.fence import Term
from support.channels import CHANNEL, MemoryOutbox, ScriptedAdapter, a_part, a_term, until

given_up: list[Term] = []


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "POLL_SECONDS", 0.005)
    monkeypatch.setattr(sender, "STOP_SECONDS", 0.05)
    given_up.clear()


def sending(outbox: MemoryOutbox, adapter: ScriptedAdapter | None) -> Sender:
    adapters = {} if adapter is None else {CHANNEL: adapter}
    return Sender(outbox, lambda: adapters, given_up.append, is_sent_again=False)


async def test_what_is_queued_is_sent_and_marked() -> None:
    outbox, adapter, parts = (
        MemoryOutbox(),
        ScriptedAdapter(),
        [a_part(str(n), n) for n in range(5)],
    )
    outbox.add(*parts)
    duty = sending(outbox, adapter)
    await duty.on_started_leading(await a_term())
    await until(lambda: set(outbox.states.values()) == {PartState.SENT})
    await duty.on_stopped_leading()

    assert sorted(adapter.sent) == ["0", "1", "2", "3", "4"]
    assert outbox.sent_again[0] is False


async def test_without_an_adapter_nothing_is_claimed() -> None:
    outbox = MemoryOutbox()
    outbox.add(part := a_part())
    duty = sending(outbox, None)
    await duty.on_started_leading(await a_term())
    await asyncio.sleep(0.03)
    await duty.on_stopped_leading()

    assert outbox.of(part) is PartState.QUEUED


async def test_a_mark_that_cannot_be_written_is_kept_and_nothing_is_claimed_before() -> None:
    outbox, adapter = MemoryOutbox(outages=["mark"] * 3), ScriptedAdapter()
    outbox.add(part := a_part())
    duty = sending(outbox, adapter)
    await duty.on_started_leading(await a_term())
    await until(lambda: outbox.of(part) is PartState.SENT)
    await duty.on_stopped_leading()

    assert adapter.sent == ["hello"]
    assert {part.id} in outbox.in_flight or outbox.outages == []


async def test_a_claim_whose_answer_was_lost_is_found_and_sent_once() -> None:
    outbox, adapter = MemoryOutbox(loses_claims=1), ScriptedAdapter()
    outbox.add(part := a_part())
    duty = sending(outbox, adapter)
    await duty.on_started_leading(await a_term())
    await until(lambda: outbox.of(part) is PartState.SENT)
    await duty.on_stopped_leading()

    assert adapter.sent == ["hello"]


async def test_a_part_whose_permit_expired_waits_again() -> None:
    tries = 0

    async def late(part: Part, permit: Permit) -> Outcome:
        nonlocal tries
        del part, permit
        tries += 1
        if tries == 1:
            raise PermitExpired
        return Sent("1")

    outbox = MemoryOutbox()
    outbox.add(part := a_part())
    duty = sending(outbox, ScriptedAdapter(late))
    await duty.on_started_leading(await a_term())
    await until(lambda: outbox.of(part) is PartState.SENT)
    await duty.on_stopped_leading()

    assert tries == 2


async def test_a_process_that_froze_after_its_claim_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def froze(since: float) -> TimedPermit:
        return TimedPermit(since, now=lambda: since + PERMIT_SECONDS)

    monkeypatch.setattr(sender, "TimedPermit", froze)
    outbox, adapter = MemoryOutbox(), ScriptedAdapter()
    outbox.add(part := a_part())
    duty = sending(outbox, adapter)
    await duty.on_started_leading(await a_term())
    await until(outbox.changed.is_set)
    await duty.on_stopped_leading()

    assert adapter.sent == []
    assert outbox.of(part) is PartState.QUEUED


@pytest.mark.parametrize("failure", [RuntimeError("bug"), TimeoutError()])
async def test_an_adapter_that_fails_leaves_an_unknown_outcome(failure: Exception) -> None:
    async def fails(part: Part, permit: Permit) -> Outcome:
        del part, permit
        raise failure

    outbox = MemoryOutbox()
    outbox.add(part := a_part())
    duty = sending(outbox, ScriptedAdapter(fails))
    await duty.on_started_leading(await a_term())
    await until(lambda: outbox.of(part) is PartState.UNKNOWN)
    await duty.on_stopped_leading()

    assert given_up == []


async def test_a_limit_of_the_whole_account_is_told_before_the_part() -> None:
    async def limited(part: Part, permit: Permit) -> Outcome:
        del part, permit
        return RetryAfter(seconds=9, reason="429", whole_account=True)

    outbox = MemoryOutbox()
    outbox.add(a_part())
    duty = sending(outbox, ScriptedAdapter(limited))
    await duty.on_started_leading(await a_term())
    await until(outbox.changed.is_set)
    await duty.on_stopped_leading()

    assert outbox.pauses == {CHANNEL: 9}


async def test_stopping_lets_a_send_end_and_marks_it() -> None:
    started = asyncio.Event()

    async def slow(part: Part, permit: Permit) -> Outcome:
        del part, permit
        started.set()
        await asyncio.sleep(0.02)
        return Sent("1")

    outbox = MemoryOutbox()
    outbox.add(part := a_part())
    duty = sending(outbox, ScriptedAdapter(slow))
    await duty.on_started_leading(await a_term())
    await started.wait()
    outbox.add(later := a_part("later", 2))
    await duty.on_stopped_leading()

    assert outbox.of(part) is PartState.SENT
    assert outbox.of(later) is PartState.QUEUED


async def test_a_send_that_does_not_end_is_cut_off_and_left_to_the_next_leader() -> None:
    started = asyncio.Event()

    async def hangs(part: Part, permit: Permit) -> Outcome:
        del part, permit
        started.set()
        await asyncio.Event().wait()
        return Unknown("")

    outbox = MemoryOutbox()
    outbox.add(part := a_part())
    duty = sending(outbox, ScriptedAdapter(hangs))
    await duty.on_started_leading(await a_term())
    await started.wait()
    await duty.on_stopped_leading()

    assert outbox.of(part) is PartState.SENDING


async def test_a_leader_that_lost_stops_and_starts_anew_when_it_wins_again() -> None:
    outbox = MemoryOutbox(is_lost=True)
    outbox.add(part := a_part())
    duty = sending(outbox, ScriptedAdapter())
    await duty.on_started_leading(await a_term())
    await asyncio.sleep(0.02)
    await duty.on_stopped_leading()
    assert outbox.of(part) is PartState.QUEUED

    outbox.is_lost = False
    await duty.on_started_leading(await a_term(2))
    await until(lambda: outbox.of(part) is PartState.SENT)
    await duty.on_stopped_leading()

    assert given_up == []

"""The outbox on a real PostgreSQL: order, fence, policy, pauses, what people see."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from polyant_engine.channels.model import Live, LiveState, Refused, RetryAfter, Sent, Unknown
from polyant_engine.channels.retrying import ClaimedPart, mark_of, put_back
from polyant_engine.leadership.fence import LeadershipLost, Term
from support import channel_store
from support.channel_store import DONE, ChannelStores, part
from support.postgres import Server

pytestmark = pytest.mark.integration


@pytest.fixture
async def stores(server: Server, migrated: str) -> AsyncIterator[ChannelStores]:
    async with channel_store.opened(server.url(migrated)) as found:
        yield found


async def reply(stores: ChannelStores, term: Term, *texts: str, chat: str = "c") -> None:
    """Let a turn answer with parts."""
    await stores.say(str(uuid.uuid4()), chat=chat)
    turn = await stores.claim_one(term)
    assert await stores.queue.close(turn.opened, DONE, [part(text) for text in texts])


async def claim(stores: ChannelStores, term: Term, limit: int = 10) -> list[ClaimedPart]:
    return await stores.leader.claim(term, [stores.account.id], limit)


def texts(claimed: list[ClaimedPart]) -> list[str]:
    return [each.part.content.text for each in claimed]


async def test_parts_of_one_conversation_go_out_one_after_the_other(stores: ChannelStores) -> None:
    term = await stores.promote()
    await reply(stores, term, "1", "2", "3")
    await reply(stores, term, "4")
    sent = []
    for _ in range(4):
        [claimed] = await claim(stores, term)
        assert await claim(stores, term) == []
        sent.append((claimed.part.content.text, claimed.part.reply_to is not None))
        assert await stores.leader.mark(term, [mark_of(claimed, Sent("9"))]) == 1

    assert sent == [("1", True), ("2", False), ("3", False), ("4", True)]
    assert await claim(stores, term) == []


async def test_conversations_do_not_wait_for_each_other(stores: ChannelStores) -> None:
    term = await stores.promote()
    await reply(stores, term, "a1", "a2", chat="a")
    await reply(stores, term, "b1", chat="b")

    assert texts(await claim(stores, term)) == ["a1", "b1"]


async def test_the_database_itself_refuses_a_second_part_in_flight(stores: ChannelStores) -> None:
    term = await stores.promote()
    await reply(stores, term, "1", "2")
    await claim(stores, term)

    with pytest.raises(asyncpg.UniqueViolationError, match="outbox_one_sending"):
        await stores.pool.execute(
            "UPDATE outbox SET state = 'sending', claimed_epoch = 1, claimed_term = uuid_v7(),"
            " claimed_at = now() WHERE state = 'queued'"
        )


async def test_an_old_leader_claims_marks_and_pauses_nothing(stores: ChannelStores) -> None:
    old = await stores.promote()
    await reply(stores, old, "1", "2")
    [claimed] = await claim(stores, old)
    await stores.promote()
    tries = (
        lambda: claim(stores, old),
        lambda: stores.leader.mark(old, [mark_of(claimed, Sent("9"))]),
        lambda: stores.leader.settle(old, [], is_sent_again=True),
        lambda: stores.leader.pause(old, stores.account.id, 1, "429"),
        lambda: stores.leader.tell_states(old, {}),
    )

    for attempt in tries:
        with pytest.raises(LeadershipLost):
            await attempt()

    assert await stores.states("outbox") == ["sending", "queued"]


@pytest.mark.parametrize(("is_sent_again", "state"), [(False, "unknown"), (True, "queued")])
async def test_what_an_older_term_left_in_flight_is_judged_by_the_policy(
    stores: ChannelStores, state: str, *, is_sent_again: bool
) -> None:
    old = await stores.promote()
    await reply(stores, old, "1", "2")
    await claim(stores, old)
    new = await stores.promote()
    assert await claim(stores, new) == []  # the order is kept until it is judged

    assert await stores.leader.settle(new, [], is_sent_again=is_sent_again) == 1

    assert await stores.states("outbox") == [state, "queued"]
    [claimed] = await claim(stores, new)
    assert claimed.part.content.text == ("1" if is_sent_again else "2")
    assert claimed.part.attempt == (2 if is_sent_again else 1)


async def test_a_leader_does_not_judge_what_it_sends_itself(stores: ChannelStores) -> None:
    term = await stores.promote()
    await reply(stores, term, "1")
    [claimed] = await claim(stores, term)

    assert await stores.leader.settle(term, [claimed.part.id], is_sent_again=True) == 0


async def test_a_claim_whose_answer_was_lost_was_not_sent_and_waits_again(
    stores: ChannelStores,
) -> None:
    term = await stores.promote()
    await reply(stores, term, "1")
    await claim(stores, term)

    assert await stores.leader.settle(term, [], is_sent_again=False) == 1
    assert texts(await claim(stores, term)) == ["1"]


async def test_a_term_of_the_same_epoch_after_a_failover_is_another(stores: ChannelStores) -> None:
    old = await stores.promote()
    await reply(stores, old, "1")
    [claimed] = await claim(stores, old)
    await stores.pool.execute("UPDATE fence SET epoch = epoch - 1")
    new = await stores.promote()

    assert new.epoch == old.epoch
    assert await stores.leader.mark(new, [mark_of(claimed, Sent("9"))]) == 0
    assert await stores.leader.settle(new, [], is_sent_again=False) == 1


async def test_a_conversation_waits_for_its_part_that_is_tried_again(stores: ChannelStores) -> None:
    term = await stores.promote()
    await reply(stores, term, "a1", "a2", chat="a")
    await reply(stores, term, "b1", "b2", chat="b")
    first, other = await claim(stores, term)
    limited = mark_of(first, RetryAfter(seconds=60, reason="429"))
    await stores.leader.mark(term, [limited, mark_of(other, Sent("9"))])

    assert texts(await claim(stores, term)) == ["b2"]
    await stores.pool.execute("UPDATE outbox SET not_before = now() WHERE state = 'queued'")
    assert texts(await claim(stores, term)) == ["a1"]


async def test_a_limit_of_the_account_stops_all_its_chats(stores: ChannelStores) -> None:
    term = await stores.promote()
    await reply(stores, term, "1")
    await stores.leader.pause(term, stores.account.id, 60, "429")
    await stores.leader.pause(term, stores.account.id, 1, "a shorter one changes nothing")
    paused = await claim(stores, term)
    await stores.pool.execute("UPDATE channel_pauses SET paused_until = now()")

    assert paused == []
    assert texts(await claim(stores, term)) == ["1"]


async def test_channels_without_an_adapter_that_works_keep_their_parts(
    stores: ChannelStores,
) -> None:
    term = await stores.promote()
    await reply(stores, term, "1")

    assert await stores.leader.claim(term, [uuid.uuid4()], 10) == []


async def test_a_part_that_came_too_late_is_claimed_again(stores: ChannelStores) -> None:
    term = await stores.promote()
    await reply(stores, term, "1")
    [claimed] = await claim(stores, term)
    await stores.leader.mark(term, [put_back(claimed)])

    [again] = await claim(stores, term)

    assert (again.part.key, again.part.attempt) == (claimed.part.key, 2)


async def test_trouble_is_kept_and_sent_again_by_a_click_only(stores: ChannelStores) -> None:
    term = await stores.promote()
    await reply(stores, term, "1", "2", "3")
    outcomes = (Unknown("time-out"), Refused(reason="blocked", is_permanent=True), Sent("9"))
    seen = []
    for outcome in outcomes:
        [claimed] = await claim(stores, term)
        seen.append(claimed.part.id)
        await stores.leader.mark(term, [mark_of(claimed, outcome)])
    assert sorted(await stores.states("outbox")) == ["dead", "sent", "unknown"]

    assert [await stores.outbox.resend(each) for each in seen] == [True, True, False]
    assert texts(await claim(stores, term)) == ["1"]


async def test_a_mark_that_is_told_twice_is_told_once(stores: ChannelStores) -> None:
    term = await stores.promote()
    await reply(stores, term, "1")
    [claimed] = await claim(stores, term)
    mark = mark_of(claimed, Sent("9"))

    assert [await stores.leader.mark(term, [mark]) for _ in range(2)] == [1, 0]


async def test_claims_at_once_never_take_a_part_twice(stores: ChannelStores) -> None:
    term = await stores.promote()
    for n in range(10):
        await reply(stores, term, f"{n}", chat=str(n))

    found = await asyncio.gather(*(claim(stores, term, 3) for _ in range(6)))

    keys = [each.part.key for claimed in found for each in claimed]
    assert len(keys) == len(set(keys))


async def test_old_rows_are_forgotten_after_their_time(stores: ChannelStores) -> None:
    term = await stores.promote()
    await reply(stores, term, "1", "2", "3")
    for outcome in (Sent("9"), Unknown("time-out")):
        [claimed] = await claim(stores, term)
        await stores.leader.mark(term, [mark_of(claimed, outcome)])
    await stores.pool.execute("UPDATE outbox SET finished_at = finished_at - interval '8 days'")
    await stores.outbox.forget(100)
    after_a_week = await stores.states("outbox")
    await stores.pool.execute("UPDATE outbox SET finished_at = finished_at - interval '30 days'")
    await stores.pool.execute("UPDATE inbox SET received_at = now() - interval '31 days'")
    await stores.outbox.forget(100)

    assert sorted(after_a_week) == ["queued", "unknown"]
    assert await stores.states("outbox") == ["queued"]
    assert await stores.states("inbox") == []


async def test_everybody_can_see_how_adapters_are(stores: ChannelStores) -> None:
    term = await stores.promote()
    at = datetime(2026, 1, 2, tzinfo=UTC)
    await stores.leader.tell_states(term, {stores.account.id: Live(state=LiveState.RUNNING)})
    failed = Live(state=LiveState.FAILED, reason="No answer.", next_try=at)
    await stores.leader.tell_states(term, {stores.account.id: failed, uuid.uuid4(): failed})

    rows = await stores.pool.fetch("SELECT state, reason, next_try FROM channel_states")
    assert [tuple(row) for row in rows] == [("failed", "No answer.", at)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE outbox SET state = 'lost'",
        "UPDATE outbox SET state = 'sent'",
        "UPDATE outbox SET state = 'sending'",
        "UPDATE inbox SET state = 'new'",
        "UPDATE inbox SET state = 'ignored'",
        "UPDATE channels SET kind = 'fax'",
        "UPDATE channels SET box = '\\x00'",
        "UPDATE turns SET state = 'queued', finished_at = NULL, channel_id = NULL",
    ],
)
async def test_a_state_that_makes_no_sense_is_refused(
    stores: ChannelStores, statement: str
) -> None:
    await reply(stores, await stores.promote(), "1")
    with pytest.raises(asyncpg.CheckViolationError):
        await stores.pool.execute(statement)

"""Turns that wait, on a real PostgreSQL: who runs them, in which order, and who may commit."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from polyant_engine.conversations import errors
from polyant_engine.conversations.model import MAX_LOSSES, Ending, State
from polyant_engine.conversations.queue_store import PostgresQueue
from polyant_engine.leadership.fence import LeadershipLost
from support import channel_store
from support.channel_store import DONE, ChannelStores, part
from support.postgres import Server

pytestmark = pytest.mark.integration

EXPIRE = "UPDATE turns SET lease_until = now() - interval '1 second' WHERE state = 'running'"


@pytest.fixture
async def stores(server: Server, migrated: str) -> AsyncIterator[ChannelStores]:
    async with channel_store.opened(server.url(migrated)) as found:
        yield found


async def test_many_replicas_claim_each_turn_once(stores: ChannelStores) -> None:
    term = await stores.promote()
    for n in range(30):
        await stores.say(str(n), chat=str(n))
    await stores.make_due()
    await stores.leader.fire_bursts(term)
    replicas = [PostgresQueue(stores.pool, runner=f"r{n}", lease_seconds=10) for n in range(6)]

    async def all_of(queue: PostgresQueue) -> list[str]:
        found: list[str] = []
        while turns := await queue.claim(2):
            found += [str(turn.opened.id) for turn in turns]
        return found

    claimed = [each for found in await asyncio.gather(*map(all_of, replicas)) for each in found]
    claimed += await all_of(replicas[0])  # what everybody skipped because somebody looked at it

    assert len(claimed) == len(set(claimed)) == 30


async def test_a_conversation_has_one_running_turn_and_keeps_its_order(
    stores: ChannelStores,
) -> None:
    term = await stores.promote()
    await stores.say("1", "one")
    first = await stores.claim_one(term)
    await stores.queue.begin_effect(first.opened, "k", "mail")  # so that it is not restarted
    await stores.say("2", "two")
    await stores.make_due()
    await stores.leader.fire_bursts(term)

    assert await stores.queue.claim(5) == []
    assert await stores.queue.close(first.opened, DONE, [])
    [second] = await stores.queue.claim(5)

    assert second.text == "two"
    assert [said.content for said in second.opened.history] == ["one", "answer"]


async def test_a_late_message_starts_the_turn_anew_with_all_that_was_said(
    stores: ChannelStores,
) -> None:
    term = await stores.promote()
    await stores.say("1", "one")
    first = await stores.claim_one(term)
    await stores.say("2", "two")

    assert await stores.states() == ["collecting"]
    assert await stores.turns.renew({first.opened.id: first.opened.attempt}) == set()
    assert not await stores.queue.close(first.opened, DONE, [part("late")])
    second = await stores.claim_one(term)

    assert (second.opened.id, second.opened.attempt) == (first.opened.id, 2)
    assert second.text == "one\ntwo"
    assert await stores.queue.close(second.opened, DONE, [part("answer")])
    assert await stores.states("outbox") == ["queued"]


async def test_a_turn_starts_anew_so_often_and_then_messages_wait(
    server: Server, migrated: str
) -> None:
    async with channel_store.opened(server.url(migrated), max_restarts=1) as stores:
        term = await stores.promote()
        for n in range(2):
            await stores.say(str(n))
            await stores.claim_one(term)
        await stores.say("late")

        assert await stores.states() == ["running", "collecting"]


async def test_a_turn_whose_tool_wrote_is_never_run_again(stores: ChannelStores) -> None:
    term = await stores.promote()
    await stores.say("1")
    turn = (await stores.claim_one(term)).opened
    await stores.queue.begin_effect(turn, "call-1", "mail")
    await stores.say("2")
    assert await stores.states() == ["running", "collecting"]
    assert not await stores.queue.release(turn)

    await stores.pool.execute(EXPIRE)
    await stores.turns.abandon_expired()

    assert await stores.states() == ["abandoned", "collecting"]
    [apology] = await stores.pool.fetch("SELECT content, reply_to FROM outbox")
    assert apology["content"]["text"].startswith("Sorry")
    assert apology["reply_to"] == "m1"


async def test_an_effect_is_begun_once_and_its_outcome_is_remembered(
    stores: ChannelStores,
) -> None:
    term = await stores.promote()
    await stores.say("1")
    turn = (await stores.claim_one(term)).opened

    first = await stores.queue.begin_effect(turn, "k", "mail")
    doubt = await stores.queue.begin_effect(turn, "k", "mail")
    await stores.queue.end_effect(turn.id, "k", result={"sent": 1}, is_ok=True)
    known = await stores.queue.begin_effect(turn, "k", "mail")

    assert first.is_new
    assert (doubt.is_new, doubt.state) == (False, "started")
    assert (known.is_new, known.state, known.result) == (False, "done", {"sent": 1})


async def test_a_runner_that_lost_its_turn_begins_no_effect(stores: ChannelStores) -> None:
    term = await stores.promote()
    await stores.say("1")
    turn = (await stores.claim_one(term)).opened
    await stores.say("2")

    with pytest.raises(errors.TurnLost):
        await stores.queue.begin_effect(turn, "k", "mail")


async def test_a_turn_of_a_dead_engine_is_run_by_another_and_committed_once(
    stores: ChannelStores,
) -> None:
    term = await stores.promote()
    await stores.say("1")
    frozen = (await stores.claim_one(term)).opened
    await stores.pool.execute(EXPIRE)
    await stores.turns.abandon_expired()
    [taken] = await PostgresQueue(stores.pool, runner="two", lease_seconds=10).claim(1)

    assert (taken.opened.id, taken.opened.attempt) == (frozen.id, 2)
    assert await stores.turns.renew({frozen.id: frozen.attempt}) == set()
    assert not await stores.queue.close(frozen, DONE, [part("old")])
    assert not await stores.queue.release(frozen)
    assert await stores.queue.close(taken.opened, DONE, [part("new")])
    assert not await stores.queue.close(taken.opened, DONE, [part("new")])
    assert await stores.pool.fetchval("SELECT count(*) FROM outbox") == 1


async def test_a_turn_that_kills_every_engine_is_given_up_with_an_apology(
    stores: ChannelStores,
) -> None:
    term = await stores.promote()
    await stores.say("1")
    await stores.claim_one(term)
    for _ in range(MAX_LOSSES):
        await stores.pool.execute(EXPIRE)
        await stores.turns.abandon_expired()
        assert len(await stores.queue.claim(1)) == 1
    await stores.pool.execute(EXPIRE)
    await stores.turns.abandon_expired()

    assert await stores.states() == ["abandoned"]
    assert await stores.states("outbox") == ["queued"]
    await stores.say("2")
    assert (await stores.claim_one(term)).text == "hello"


async def test_a_released_turn_is_run_by_the_next_without_blame(stores: ChannelStores) -> None:
    term = await stores.promote()
    await stores.say("1")
    turn = (await stores.claim_one(term)).opened
    assert await stores.queue.release(turn)

    [again] = await stores.queue.claim(1)

    assert again.opened.attempt == 2
    assert await stores.pool.fetchval("SELECT losses + restarts FROM turns") == 0


async def test_a_turn_of_the_other_kind_is_abandoned_as_before(stores: ChannelStores) -> None:
    """A turn without a channel has nobody to answer to later."""
    term = await stores.promote()
    await stores.say("1")
    await stores.claim_one(term)
    await stores.pool.execute("UPDATE turns SET channel_id = NULL")
    await stores.pool.execute(EXPIRE)
    await stores.turns.abandon_expired()

    assert await stores.states() == ["abandoned"]
    assert await stores.pool.fetchval("SELECT running_turn FROM conversations") is None
    assert await stores.states("outbox") == []


async def test_taking_in_and_committing_at_once_neither_deadlock_nor_lose(
    stores: ChannelStores,
) -> None:
    """Late messages race with commits; every message is answered by exactly one committed turn."""
    term = await stores.promote()
    is_over = False

    async def answers() -> None:
        while not is_over or await open_turns():
            await stores.make_due()
            await stores.leader.fire_bursts(term)
            for turn in await stores.queue.claim(3):
                await stores.queue.close(turn.opened, DONE, [part(turn.text)])

    async def open_turns() -> int:
        count: int = await stores.pool.fetchval(
            "SELECT count(*) FROM turns WHERE finished_at IS NULL"
        )
        return count

    async def speaks(speaker: int) -> None:
        for n in range(25):
            await stores.say(f"{speaker}-{n}", f"{speaker}-{n}", chat=str(n % 2))

    working = [asyncio.create_task(answers()) for _ in range(2)]
    await asyncio.gather(*map(speaks, range(4)))
    is_over = True
    await asyncio.gather(*working)

    rows = await stores.pool.fetch("SELECT content FROM outbox")
    said = [line for row in rows for line in row["content"]["text"].split("\n")]
    assert sorted(said) == sorted(f"{s}-{n}" for s in range(4) for n in range(25))


async def test_an_old_leader_fires_nothing(stores: ChannelStores) -> None:
    old = await stores.promote()
    await stores.promote()
    await stores.say("1")
    await stores.make_due()

    with pytest.raises(LeadershipLost):
        await stores.leader.fire_bursts(old)

    assert await stores.states() == ["collecting"]


async def test_a_failed_turn_may_say_so(stores: ChannelStores) -> None:
    term = await stores.promote()
    await stores.say("1")
    turn = (await stores.claim_one(term)).opened
    failed = Ending(state=State.FAILED, error="model_failed")

    assert await stores.queue.close(turn, failed, [part("Sorry")])
    assert await stores.states() == ["failed"]
    assert await stores.states("outbox") == ["queued"]

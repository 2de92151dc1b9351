"""The inbox on a real PostgreSQL: nothing twice, nothing lost, bursts on the database's clock."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from polyant_engine.channels import postgres
from polyant_engine.channels.model import Event, Inbound
from polyant_engine.channels.ports import InboxFull
from support import channel_store
from support.channel_store import ChannelStores, message
from support.postgres import Server

pytestmark = pytest.mark.integration

DUE = "SELECT extract(epoch FROM due_at - collecting_since)::float8 FROM turns"


@pytest.fixture
async def stores(server: Server, migrated: str) -> AsyncIterator[ChannelStores]:
    async with channel_store.opened(server.url(migrated)) as found:
        yield found


async def contents(stores: ChannelStores) -> list[str]:
    rows = await stores.pool.fetch("SELECT content FROM messages ORDER BY conversation_id, seq")
    return [row["content"] for row in rows]


async def test_what_is_delivered_twice_is_stored_once(stores: ChannelStores) -> None:
    first = await stores.inbox.store(stores.account, [message("1"), message("2"), message("1")])
    again = await stores.inbox.store(stores.account, [message("2"), message("3", "new")])

    assert (first.new, first.known) == (2, 1)
    assert (again.new, again.known) == (1, 1)
    assert await contents(stores) == ["hello", "hello", "new"]


async def test_replicas_that_get_the_same_batches_at_once_store_them_once(
    stores: ChannelStores,
) -> None:
    """Also in other orders and over many chats: no deadlock, no gap, no double."""
    batch = [message(str(n), f"t{n}", chat=str(n % 4)) for n in range(24)]
    found = await asyncio.gather(
        *(stores.inbox.store(stores.account, batch[n:] + batch[:n]) for n in range(8))
    )

    assert sum(stored.new for stored in found) == len(batch)
    rows = await stores.pool.fetch(
        "SELECT c.last_seq, array_agg(m.seq ORDER BY m.seq) AS seqs FROM messages AS m"
        " JOIN conversations AS c ON c.id = m.conversation_id GROUP BY c.id"
    )
    assert [(row["last_seq"], row["seqs"]) for row in rows] == [(6, [1, 2, 3, 4, 5, 6])] * 4
    assert await stores.states() == ["collecting"] * 4


async def test_what_comes_within_the_window_is_one_turn(stores: ChannelStores) -> None:
    for n in range(3):
        await stores.say(str(n))

    row = await stores.pool.fetchrow("SELECT first_seq, last_seq, reply_to FROM turns")

    assert row is not None
    assert tuple(row) == (1, 3, "m2")


async def test_a_burst_slides_but_not_for_ever(stores: ChannelStores) -> None:
    await stores.say("1")
    assert 1.9 < await stores.pool.fetchval(DUE) < 2.1
    await stores.pool.execute(
        "UPDATE turns SET collecting_since = collecting_since - interval '5 s', due_at = now()"
    )
    await stores.say("2")
    assert 6.9 < await stores.pool.fetchval(DUE) < 8
    await stores.pool.execute("UPDATE turns SET collecting_since = now() - interval '9.5 s'")
    await stores.say("3")

    assert await stores.pool.fetchval(DUE) == postgres.SLIDE_CAP_SECONDS


async def test_only_a_burst_whose_time_has_come_is_fired(stores: ChannelStores) -> None:
    term = await stores.promote()
    await stores.say("1", chat="a")
    early = await stores.leader.fire_bursts(term)
    await stores.make_due()
    await stores.say("2", chat="b")

    assert (early, await stores.leader.fire_bursts(term)) == (0, 1)
    assert sorted(await stores.states()) == ["collecting", "queued"]


async def test_what_is_ignored_is_remembered_and_answered_by_nobody(stores: ChannelStores) -> None:
    edit = Inbound(dedupe_key="1", event=Event.IGNORED, reason="edited")
    await stores.inbox.store(stores.account, [edit], offset=2)

    assert await stores.states("inbox") == ["ignored"]
    assert await stores.states() == []
    assert await stores.inbox.offset(stores.account) == 2


async def test_messages_to_an_agent_that_is_off_are_kept_as_ignored(stores: ChannelStores) -> None:
    await stores.pool.execute("UPDATE agents SET status = 'inactive'")
    await stores.say("1")

    row = await stores.pool.fetchrow("SELECT state, reason FROM inbox")
    assert row is not None
    assert tuple(row) == ("ignored", "agent-inactive")


async def test_an_offset_moves_forward_only_until_it_is_old(stores: ChannelStores) -> None:
    async def move(offset: int) -> int | None:
        await stores.inbox.store(stores.account, [], offset=offset)
        return await stores.inbox.offset(stores.account)

    assert [await move(5), await move(3), await move(8)] == [5, 5, 8]
    await stores.pool.execute("UPDATE channel_offsets SET moved_at = now() - interval '7 days'")
    assert await stores.inbox.offset(stores.account) is None
    assert await move(3) == 3


async def test_what_a_database_cannot_store_is_stored_without(stores: ChannelStores) -> None:
    await stores.say("1", "a\x00b\ud800c\U0001f9d1\u200f")

    assert await contents(stores) == ["ab?c\U0001f9d1\u200f"]


async def test_too_many_that_wait_are_refused_before_anything_is_stored(
    stores: ChannelStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "MAX_WAITING", 1)
    monkeypatch.setattr(postgres, "LOOK_SECONDS", 0.0)
    await stores.say("1")

    with pytest.raises(InboxFull) as refused:
        await stores.say("2", chat="other")

    assert refused.value.headers["retry-after"] == "5"
    assert len(await stores.states("inbox")) == 1

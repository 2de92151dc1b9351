"""Contacts and deliveries on a real PostgreSQL: only forward, nobody else's, no replay."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from polyant_engine.channels.retrying import Mark, PartState
from polyant_engine.channels.twilio.ports import Standing
from polyant_engine.channels.twilio.statuses import Status
from polyant_engine.channels.twilio.store import PostgresContacts
from polyant_engine.channels.twilio.words import Word
from polyant_engine.leadership.fence import Term
from support import channel_store
from support.channel_store import DONE, ChannelStores, message, part
from support.postgres import Server

pytestmark = pytest.mark.integration


@dataclass
class World:
    """A part of an answer, claimed by a leader."""

    stores: ChannelStores
    contacts: PostgresContacts
    term: Term
    part: uuid.UUID

    async def tell(self, word: str, sid: str = "SM1", error: int = 0) -> bool:
        status = Status(sid=sid, word=word, error=error)
        return await self.contacts.tell(self.stores.account.id, self.part, status)

    async def set(self, state: str, external_id: str | None = None) -> None:
        await self.stores.pool.execute(
            "UPDATE outbox SET state = $1, external_id = coalesce($2, external_id),"
            " finished_at = CASE WHEN $1 IN ('queued', 'sending') THEN NULL ELSE now() END",
            state,
            external_id,
        )

    async def found(self) -> tuple[str, str | None, str | None]:
        row = await self.stores.pool.fetchrow("SELECT state, delivery, external_id FROM outbox")
        assert row is not None
        return row["state"], row["delivery"], row["external_id"]


@pytest.fixture
async def world(server: Server, migrated: str) -> AsyncIterator[World]:
    async with channel_store.opened(server.url(migrated)) as stores:
        term = await stores.promote()
        await stores.say("1")
        turn = await stores.claim_one(term)
        await stores.queue.close(turn.opened, DONE, [part("hi")])
        [claimed] = await stores.leader.claim(term, [stores.account.id], 1)
        yield World(stores, PostgresContacts(stores.pool), term, claimed.part.id)


async def test_a_status_only_moves_forward(world: World) -> None:
    await world.set("sent", "SM1")

    news = [await world.tell(word) for word in ("sent", "queued", "read", "delivered", "read")]

    assert news == [True, False, True, False, False]
    assert await world.found() == ("sent", "read", "SM1")


@pytest.mark.parametrize("end", ["failed", "undelivered"])
async def test_nothing_follows_an_end(world: World, end: str) -> None:
    await world.set("sent", "SM1")

    assert await world.tell(end, error=63016)
    assert not await world.tell("read")
    assert not await world.tell("failed")
    assert await world.found() == ("dead", end, "SM1")


@pytest.mark.parametrize("state", ["queued", "sending", "unknown"])
async def test_a_status_is_proof_that_the_vendor_has_a_part(world: World, state: str) -> None:
    await world.set(state)

    assert await world.tell("sent")

    assert await world.found() == ("sent", "sent", "SM1")
    assert await world.stores.leader.claim(world.term, [world.stores.account.id], 1) == []


async def test_another_message_than_the_parts_says_nothing_of_it(world: World) -> None:
    await world.set("sent", "SM2")

    assert not await world.tell("failed", sid="SM1")
    assert await world.found() == ("sent", None, "SM2")


async def test_a_part_that_is_sent_again_is_told_of_anew(world: World) -> None:
    await world.set("sent", "SM1")
    await world.tell("failed")
    await world.stores.outbox.resend(world.part)

    assert not await world.tell("sent")  # late news of the first try
    await world.set("sent", "SM2")
    assert await world.tell("sent", sid="SM2")
    assert not await world.tell("failed", sid="SM1")
    assert await world.found() == ("sent", "sent", "SM2")


async def test_parts_of_other_channels_are_nobodys(world: World) -> None:
    status = Status(sid="SM1", word="failed")

    assert not await world.contacts.tell(uuid.uuid4(), world.part, status)
    assert not await world.contacts.tell(world.stores.account.id, uuid.uuid4(), status)
    assert (await world.found())[0] == "sending"


async def test_statuses_that_come_at_once_end_with_the_last(world: World) -> None:
    await world.set("sent", "SM1")

    await asyncio.gather(*(world.tell(w) for w in ("sent", "read", "queued", "delivered") * 5))

    assert await world.found() == ("sent", "read", "SM1")


async def test_the_leader_that_hears_later_changes_nothing(world: World) -> None:
    await world.tell("delivered")

    mark = Mark(id=world.part, state=PartState.UNKNOWN, failures=0)

    assert await world.stores.leader.mark(world.term, [mark]) == 0
    assert await world.found() == ("sent", "delivered", "SM1")


async def test_a_contact_is_in_or_out_by_the_last_word(world: World) -> None:
    ours, contacts = world.stores.account, world.contacts
    words = (Word.NONE, Word.STOP, Word.NONE, Word.STOP, Word.START, Word.NONE)

    out = [await contacts.hear(ours, "c", f"s{n}", word) for n, word in enumerate(words)]

    assert out == [False, True, True, True, False, False]
    assert await contacts.standing(ours, "c") == Standing(is_heard=True, last_message="s5")
    assert await contacts.standing(ours, "nobody") == Standing()


async def test_a_word_that_the_inbox_knows_is_a_replay(world: World) -> None:
    ours, contacts = world.stores.account, world.contacts
    await contacts.hear(ours, "c", "stop", Word.STOP)
    await world.stores.inbox.store(ours, [message("stop")])
    await contacts.hear(ours, "c", "start", Word.START)

    assert not await contacts.hear(ours, "c", "stop", Word.STOP)
    assert (await contacts.standing(ours, "c")).last_message == "start"


async def test_who_the_vendor_knows_as_opted_out_is_no_one_heard(world: World) -> None:
    ours, contacts = world.stores.account, world.contacts

    await contacts.opt_out(ours, "c")

    assert await contacts.standing(ours, "c") == Standing(is_opted_out=True)
    assert not (await contacts.standing(ours, "d")).is_opted_out


async def test_the_window_is_a_day(world: World) -> None:
    ours, contacts = world.stores.account, world.contacts
    await contacts.hear(ours, "c", "s", Word.NONE)
    await world.stores.pool.execute(
        "UPDATE channel_contacts SET heard_at = now() - interval '24 hours'"
    )

    assert not (await contacts.standing(ours, "c")).is_heard

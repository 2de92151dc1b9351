"""From a message to its answer at the vendor, over a real PostgreSQL, with replicas that change."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from polyant_engine.channels import answering, bursts, sender
from polyant_engine.channels.adapters import AdapterPool
from polyant_engine.channels.answering import Answering
from polyant_engine.channels.bursts import BurstTimers
from polyant_engine.channels.model import Kind, Outcome, Part
from polyant_engine.channels.ports import Permit
from polyant_engine.channels.sender import Sender
from polyant_engine.conversations.queue_store import PostgresQueue
from polyant_engine.conversations.service import Turns
from polyant_engine.gateway.ports import Delta
from polyant_engine.leadership.fence import Term
from support import channel_store
from support.channel_store import ChannelStores
from support.channels import MemoryAccounts, MemoryStates, ScriptedVendor, delivered, until
from support.postgres import Server
from support.turns import MemoryStore, ScriptedModel, turns_of

pytestmark = pytest.mark.integration


@pytest.fixture
async def stores(server: Server, migrated: str) -> AsyncIterator[ChannelStores]:
    async with channel_store.opened(server.url(migrated), debounce_seconds=0.1) as found:
        yield found


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (answering, "LOOK_SECONDS"),
        (bursts, "LOOK_SECONDS"),
        (sender, "POLL_SECONDS"),
    ):
        monkeypatch.setattr(module, name, 0.02)


class Replica:
    """One engine: it answers turns, and may lead."""

    def __init__(self, stores: ChannelStores, name: str, says: ScriptedModel) -> None:
        self.vendor = ScriptedVendor()
        self.turns: Turns = turns_of(MemoryStore(), says)[0]
        queue = PostgresQueue(stores.pool, runner=name, lease_seconds=10)
        renderers = {Kind.TELEGRAM: self.vendor.renderer}
        self.answering = Answering(queue, self.turns, renderers)
        self.pool = AdapterPool(
            MemoryAccounts([stores.account]),
            MemoryStates(),
            {Kind.TELEGRAM: self.vendor},
            stores.inbox,
            _never,
        )
        self.sender = Sender(stores.leader, self.pool.working, _never, is_sent_again=False)
        self.bursts = BurstTimers(stores.leader, self.answering.wake, _never)

    @property
    def sent(self) -> list[str]:
        return [text for adapter in self.vendor.made for text in adapter.sent]

    async def lead(self, term: Term) -> None:
        for duty in (self.pool, self.sender, self.bursts):
            await duty.on_started_leading(term)

    async def follow(self) -> None:
        for duty in (self.bursts, self.sender, self.pool):
            await duty.on_stopped_leading()

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator["Replica"]:
        loop = asyncio.create_task(self.answering.run())
        try:
            yield self
        finally:
            self.answering.drain()
            await loop
            await self.turns.drain(0.0)


def _never(term: Term) -> None:
    raise AssertionError(f"nobody gives up the term of epoch {term.epoch}")


async def test_a_message_is_answered_in_parts_and_in_order(stores: ChannelStores) -> None:
    says = ScriptedModel([Delta(text="one\n\ntwo", finish_reason="stop")])
    async with Replica(stores, "a", says).at_work() as replica:
        await replica.lead(await stores.promote())
        await stores.say("1")
        await stores.say("2", "how are you?")
        await until(lambda: len(replica.sent) == 2)
        await replica.follow()

    assert replica.sent == ["one", "two"]
    assert says.asked[0].messages[-1].content == "hello\nhow are you?"
    assert await stores.states("outbox") == ["sent", "sent"]
    assert await stores.states() == ["done"]


async def test_a_model_that_fails_is_apologised_for(stores: ChannelStores) -> None:
    says = ScriptedModel([RuntimeError("a bug")])
    async with Replica(stores, "a", says).at_work() as replica:
        await replica.lead(await stores.promote())
        await stores.say("1")
        await until(lambda: replica.sent)
        await replica.follow()

    assert replica.sent[0].startswith("Sorry")
    assert await stores.states() == ["failed"]


async def test_a_turn_that_cannot_end_before_its_engine_is_answered_by_another(
    stores: ChannelStores,
) -> None:
    stuck = ScriptedModel([Delta(text="half"), None])
    async with Replica(stores, "a", stuck).at_work() as first:
        await first.lead(await stores.promote())
        await stores.say("1")
        await until(lambda: stuck.asked)
        await first.follow()
    assert await stores.states() == ["queued"]

    says = ScriptedModel([Delta(text="whole", finish_reason="stop")])
    async with Replica(stores, "b", says).at_work() as second:
        await second.lead(await stores.promote())
        await until(lambda: second.sent)
        await second.follow()

    assert (first.sent, second.sent) == ([], ["whole"])


async def test_a_hand_over_amid_messages_loses_none_and_doubles_none(
    stores: ChannelStores,
) -> None:
    """Leadership goes back and forth while messages come; planned, so each is delivered exactly once."""
    echo = [Delta(text="ok", finish_reason="stop")]
    one, two = (Replica(stores, name, ScriptedModel(echo)) for name in "ab")
    async with one.at_work(), two.at_work():
        for n in range(12):
            leader = (one, two)[n % 2]
            await leader.lead(await stores.promote())
            for chat in range(3):
                await stores.say(f"{n}-{chat}", chat=f"{n}-{chat}")
            await asyncio.sleep(0.06)
            await leader.follow()
        await one.lead(await stores.promote())
        await until(lambda: len(one.sent) + len(two.sent) >= 36)
        await one.follow()

    assert len(one.sent) + len(two.sent) == 36
    assert set(await stores.states("outbox")) == {"sent"}
    assert set(await stores.states()) == {"done"}


async def test_a_leader_that_vanished_while_it_sent_leaves_an_unknown_outcome(
    stores: ChannelStores,
) -> None:
    writing = asyncio.Event()

    async def vanishes(part: Part, permit: Permit) -> Outcome:
        writing.set()
        await asyncio.Event().wait()
        return await delivered(part, permit)

    says = ScriptedModel([Delta(text="one\n\ntwo", finish_reason="stop")])
    async with Replica(stores, "a", says).at_work() as old:
        old.vendor.sending = vanishes
        await old.lead(await stores.promote())
        await stores.say("1")
        await writing.wait()
        new = Replica(stores, "b", says)
        await new.lead(await stores.promote())
        await until(lambda: new.sent)
        await old.follow()
        await new.follow()

    assert new.sent == ["two"]
    assert await stores.states("outbox") == ["unknown", "sent"]

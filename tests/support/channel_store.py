"""An agent with a Telegram channel in a real database, and its inbox, queue and outbox."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

from polyant_engine.channels.model import Account, Address, Event, Inbound, Kind, Stored
from polyant_engine.channels.outbox_store import LeaderStore, PostgresOutbox
from polyant_engine.channels.postgres import PostgresInbox, Rules
from polyant_engine.conversations import model
from polyant_engine.conversations.postgres import PostgresTurns
from polyant_engine.conversations.queue_store import PostgresQueue
from polyant_engine.core import database
from polyant_engine.core.clock import SystemClock
from polyant_engine.core.database import Database, Target
from polyant_engine.leadership.fence import Fence, Term
from polyant_engine.leadership.terms import Promotion

LEASE_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class ChannelStores:
    """All that is stored of one channel."""

    pool: Database
    account: Account
    inbox: PostgresInbox
    turns: PostgresTurns
    queue: PostgresQueue
    leader: LeaderStore
    outbox: PostgresOutbox

    async def promote(self) -> Term:
        return await Promotion(database=self.pool, holder="test").begin(0, uuid.uuid4())

    async def say(self, key: str, text: str = "hello", chat: str = "c") -> Stored:
        return await self.inbox.store(self.account, [message(key, text, chat)])

    async def make_due(self) -> None:
        """Let the time of every burst come."""
        await self.pool.execute("UPDATE turns SET due_at = now() WHERE state = 'collecting'")

    async def claim_one(self, term: Term) -> model.QueuedTurn:
        """Fire what collects and claim the only turn."""
        await self.make_due()
        await self.leader.fire_bursts(term)
        [turn] = await self.queue.claim(1)
        return turn

    async def states(self, table: str = "turns") -> list[str]:
        order = {"turns": "first_seq, created_at", "outbox": "seq", "inbox": "id"}[table]
        rows = await self.pool.fetch(f"SELECT state FROM {table} ORDER BY {order}")  # noqa: S608  a name of this file
        return [row["state"] for row in rows]


def message(key: str, text: str = "hello", chat: str = "c") -> Inbound:
    """Return a message of somebody."""
    address = Address(chat=chat)
    return Inbound(
        dedupe_key=key, event=Event.MESSAGE, address=address, text=text, message_id=f"m{key}"
    )


def part(text: str) -> dict[str, object]:
    """Return the stored content of one part of a reply."""
    return {"text": text, "formatting": {}, "attachments": []}


DONE = model.Ending(state=model.State.DONE, text="answer")


@contextlib.asynccontextmanager
async def opened(
    url: str, *, debounce_seconds: float = 2.0, max_restarts: int = 3
) -> AsyncIterator[ChannelStores]:
    """Open stores over an agent with a channel."""
    async with database.opened(Target(dsn=url), size=10) as pool:
        agent_id = await pool.fetchval(
            "INSERT INTO agents (slug, name, provider, model) VALUES ('helper', 'H', 'main', 'demo')"
            " RETURNING id"
        )
        channel_id = await pool.fetchval(
            "INSERT INTO channels (agent_id, kind, account) VALUES ($1, 'telegram', '7') RETURNING id",
            agent_id,
        )
        account = Account(id=channel_id, agent_id=agent_id, kind=Kind.TELEGRAM, name="7", version=1)
        rules = Rules(debounce_seconds=debounce_seconds, max_restarts=max_restarts)
        yield ChannelStores(
            pool=pool,
            account=account,
            inbox=PostgresInbox(pool, rules, SystemClock()),
            turns=PostgresTurns(pool, runner="one", lease_seconds=LEASE_SECONDS),
            queue=PostgresQueue(pool, runner="one", lease_seconds=LEASE_SECONDS),
            leader=LeaderStore(Fence(database=pool)),
            outbox=PostgresOutbox(pool),
        )

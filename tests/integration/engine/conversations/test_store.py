"""The statements of turns on a real PostgreSQL: order, leases, races, constraints."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from polyant_engine.completions.postgres import PostgresCounters
from polyant_engine.conversations import errors, model
from polyant_engine.conversations.model import Ending, State
from polyant_engine.conversations.postgres import PostgresTurns
from polyant_engine.core import database
from polyant_engine.core.database import Database
from polyant_engine.gateway import ports as gateway
from support.postgres import Server

pytestmark = pytest.mark.integration
KEY = b"k" * 32


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[Database, PostgresTurns]]:
    async with database.opened(database.Target(dsn=url), size=5) as pool:
        await pool.execute(
            "INSERT INTO agents (slug, name, provider, model, api_key_hash)"
            " VALUES ('helper', 'Helper', 'main', 'demo', $1)",
            KEY,
        )
        yield pool, PostgresTurns(pool, runner="test", lease_seconds=10)


def request(text: str = "hello", chat_id: str | None = "c") -> model.Request:
    return model.Request(
        slug="helper",
        caller=model.Caller(key_hash=KEY),
        chat_id=chat_id,
        text=text,
        earlier=(),
        instructions=(),
        sampling=gateway.Sampling(),
        stream=False,
    )


def said(turn: model.OpenedTurn) -> list[str]:
    return [message.content for message in turn.history]


async def test_a_turn_that_waited_for_the_lock_sees_what_was_committed_meanwhile(
    server: Server, migrated: str
) -> None:
    async with opened(server.url(migrated)) as (pool, store):
        first = await store.open(request("one"))
        blocker = await asyncpg.connect(server.url(migrated))
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute("SELECT 1 FROM conversations FOR UPDATE")
        # Both wait for the row; the statement of the second began before the first one's reply.
        closing = asyncio.create_task(store.close(first, Ending(state=State.DONE, text="two")))
        await asyncio.sleep(0.2)
        opening = asyncio.create_task(store.open(request("three")))
        await asyncio.sleep(0.2)
        await transaction.rollback()
        await blocker.close()

        assert await closing
        second = await opening

        assert said(second) == ["one", "two"]
        del pool


async def test_two_openings_at_once_give_one_turn(server: Server, migrated: str) -> None:
    async with opened(server.url(migrated)) as (_, store):
        found = await asyncio.gather(
            *(store.open(request(str(n))) for n in range(5)), return_exceptions=True
        )

    assert sum(isinstance(item, model.OpenedTurn) for item in found) == 1
    assert sum(isinstance(item, errors.ConversationBusy) for item in found) == 4


async def test_history_is_the_last_sixteen_messages_in_order(server: Server, migrated: str) -> None:
    async with opened(server.url(migrated)) as (_, store):
        for n in range(10):
            turn = await store.open(request(f"q{n}"))
            await store.close(turn, Ending(state=State.DONE, text=f"a{n}"))

        last = await store.open(request("now"))

    assert said(last) == [text for n in range(2, 10) for text in (f"q{n}", f"a{n}")]


async def test_history_that_is_too_large_loses_its_oldest_messages(
    server: Server, migrated: str
) -> None:
    async with opened(server.url(migrated)) as (_, store):
        for text in ("a" * 600_000, "b" * 500_000):
            turn = await store.open(request(text))
            await store.close(turn, Ending(state=State.DONE, text="ok"))
        last = await store.open(request("c" * 2_000_000))
        await store.close(last, Ending(state=State.DONE, text="x" * 1_000_001))
        none = await store.open(request("after"))

    assert said(last) == ["ok", "b" * 500_000, "ok"]
    assert said(none) == []


async def test_an_empty_reply_is_a_message_and_a_failure_without_text_is_none(
    server: Server, migrated: str
) -> None:
    async with opened(server.url(migrated)) as (_, store):
        await store.close(await store.open(request("a")), Ending(state=State.DONE))
        await store.close(await store.open(request("b")), Ending(state=State.FAILED, error="x"))

        last = await store.open(request("c"))

    assert said(last) == ["a", "", "b"]


async def test_a_renewed_lease_is_kept_and_an_expired_one_is_abandoned(
    server: Server, migrated: str
) -> None:
    async with opened(server.url(migrated)) as (pool, store):
        kept = await store.open(request(chat_id="kept"))
        lost = await store.open(request(chat_id="lost"))
        await pool.execute("UPDATE turns SET lease_until = now() - interval '1 second'")

        assert await store.renew({kept.id: 1, uuid.uuid4(): 1}) == {kept.id}
        assert await store.abandon_expired() == 1
        assert await store.renew({lost.id: 1}) == set()
        assert not await store.close(lost, Ending(state=State.DONE, text="late"))
        assert await store.close(kept, Ending(state=State.DONE, text="in time"))
        again = await store.open(request(chat_id="lost"))

    assert said(again) == ["hello"]


async def test_an_ending_is_recognised_as_ours(server: Server, migrated: str) -> None:
    done, failed = Ending(state=State.DONE, text="x"), Ending(state=State.FAILED)
    async with opened(server.url(migrated)) as (_, store):
        turn = await store.open(request())
        before = await store.has_ended(turn, done)
        await store.close(turn, done)

        after = await store.has_ended(turn, done), await store.has_ended(turn, failed)

    assert (before, after) == (False, (True, False))


async def test_the_database_itself_refuses_a_second_running_turn(
    server: Server, migrated: str
) -> None:
    async with opened(server.url(migrated)) as (pool, store):
        turn = await store.open(request())
        with pytest.raises(asyncpg.UniqueViolationError, match="turns_one_running"):
            await pool.execute(
                "INSERT INTO turns (conversation_id, state, first_seq, last_seq, runner,"
                " lease_until) VALUES ($1, 'running', 1, 1, 'x', now())",
                turn.conversation_id,
            )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE turns SET state = 'lost'",
        "UPDATE turns SET state = 'done'",
        "UPDATE turns SET runner = NULL",
        "UPDATE conversations SET channel = 'fax'",
        "UPDATE messages SET role = 'robot'",
        "UPDATE agents SET slug = 'No!'",
        "UPDATE agents SET status = 'asleep'",
        "UPDATE agents SET deleted_at = now()",
        "UPDATE agents SET api_key_hash = '\\x00'",
    ],
)
async def test_a_state_that_makes_no_sense_is_refused(
    server: Server, migrated: str, statement: str
) -> None:
    async with opened(server.url(migrated)) as (pool, store):
        await store.open(request())
        with pytest.raises(asyncpg.CheckViolationError):
            await pool.execute(statement)


async def test_purging_an_agent_takes_everything_of_it_along(server: Server, migrated: str) -> None:
    async with opened(server.url(migrated)) as (pool, store):
        await store.close(await store.open(request()), Ending(state=State.DONE, text="x"))

        await pool.execute("DELETE FROM agents")

        for table in ("conversations", "turns", "messages"):
            assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608  names of this file


async def test_log_partitions_reach_from_yesterday_to_two_weeks_ahead(
    server: Server, migrated: str
) -> None:
    async with opened(server.url(migrated)) as (pool, store):
        await pool.execute("DROP TABLE " + await newest_partition(pool))
        await asyncio.gather(*(store.ensure_log_partitions(14) for _ in range(4)))

        names = await pool.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
            " WHERE inhparent = 'ai_logs'::regclass ORDER BY 1"
        )

    today = datetime.now(UTC).date()
    expected = [today + timedelta(days=n) for n in range(-1, 15)]
    assert [row["name"] for row in names] == [f"ai_logs_{day:%Y%m%d}" for day in expected]


async def newest_partition(pool: Database) -> str:
    name: str = await pool.fetchval(
        "SELECT max(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'ai_logs'::regclass"
    )
    return name


async def test_rate_counters_are_cut_off_at_the_limit(server: Server, migrated: str) -> None:
    async with opened(server.url(migrated)) as (pool, _):
        counters = PostgresCounters(pool)
        found = [await counters.reserve("b", 20, 50) for _ in range(4)]
        kind = await pool.fetchval(
            "SELECT relpersistence FROM pg_class WHERE relname = 'rate_counters'"
        )
        await pool.execute("UPDATE rate_counters SET window_start = now() - interval '1 hour'")
        await counters.forget_old_windows()
        left = await pool.fetchval("SELECT count(*) FROM rate_counters")

    assert found == [20, 40, 50, None]
    assert kind == b"u"
    assert left == 0

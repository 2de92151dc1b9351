"""The database as the oracle reads it: by its own SQL, and by a ledger that triggers write."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from support.chaos.evidence import Message, Part, Stored, Turn, Write

_SQL = Path(__file__).with_name("ledger.sql")

_INBOX = """
SELECT i.kind, i.account, i.dedupe_key, i.state = 'accepted', i.reason, m.content,
    m.conversation_id::text, m.seq, m.turn_id::text
FROM inbox AS i LEFT JOIN messages AS m ON m.id = i.message_id
ORDER BY i.received_at
"""
_MESSAGES = """
SELECT m.conversation_id::text, m.seq, coalesce(m.turn_id::text, ''), m.content
FROM messages AS m WHERE m.role = 'user' ORDER BY m.conversation_id, m.seq
"""
_TURNS = """
SELECT t.id::text, t.conversation_id::text, t.state, t.first_seq, t.losses, coalesce(t.error, ''),
    array(SELECT m.content FROM messages AS m
        WHERE m.turn_id = t.id AND m.role = 'assistant' ORDER BY m.seq)
FROM turns AS t WHERE t.channel_id IS NOT NULL
ORDER BY t.conversation_id, t.first_seq
"""
_PARTS = """
SELECT o.id::text, o.seq, o.kind, ch.account, o.chat, coalesce(o.turn_id::text, ''),
    o.content ->> 'text', o.state, coalesce(o.external_id, ''), o.reason
FROM outbox AS o JOIN channels AS ch ON ch.id = o.channel_id
ORDER BY o.seq
"""
_WRITES = """
SELECT number, at, coalesce(address, ''), application, tab, subject, was, became, epoch, term,
    fence_epoch, fence_term, fence_holder
FROM chaos_ledger ORDER BY number
"""
_OPEN = """
SELECT (SELECT count(*) FROM turns WHERE state IN ('collecting', 'queued', 'running'))
    + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))
"""


@dataclass(frozen=True)
class Rows:
    """What the tables hold at the end."""

    stored: Sequence[Stored]
    messages: Sequence[Message]
    turns: Sequence[Turn]
    parts: Sequence[Part]
    writes: Sequence[Write]


async def install(connection: asyncpg.Connection) -> None:
    """Let a migrated database note what happens to it."""
    await connection.execute(_SQL.read_text())


async def count_open(connection: asyncpg.Connection) -> int:
    """How many turns and parts wait for something."""
    number: int = await connection.fetchval(_OPEN)
    return number


async def read(connection: asyncpg.Connection, replicas: Mapping[str, str]) -> Rows:
    """Read everything; `replicas` names them by the address they come from."""
    behind = time.time() - time.monotonic()
    return Rows(
        stored=[_stored(row) for row in await connection.fetch(_INBOX)],
        messages=[_message(row) for row in await connection.fetch(_MESSAGES)],
        turns=[_turn(row) for row in await connection.fetch(_TURNS)],
        parts=[_part(row) for row in await connection.fetch(_PARTS)],
        writes=[_write(row, replicas, behind) for row in await connection.fetch(_WRITES)],
    )


def _stored(row: Sequence[object]) -> Stored:
    names = ("kind", "account", "key", "is_accepted", "reason", "content", "conversation")
    return Stored(**dict(zip((*names, "seq", "turn"), row, strict=True)))  # type: ignore[arg-type]  # as the query gives them


def _message(row: Sequence[object]) -> Message:
    names = ("conversation", "seq", "turn", "content")
    return Message(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]  # as the query gives them


def _turn(row: Sequence[object]) -> Turn:
    names = ("id", "conversation", "state", "first_seq", "losses", "error")
    found = dict(zip((*names, "replies"), row, strict=True))
    return Turn(**{**found, "replies": tuple(found["replies"])})  # type: ignore[arg-type]  # as the query gives them


def _part(row: Sequence[object]) -> Part:
    number, seq, *place, turn, text, state, external, reason = row
    named = {"id": number, "seq": seq, "turn": turn, "text": text, "state": state}
    more = {"place": tuple(place), "external_id": external, "reason": reason}
    return Part(**named, **more)  # type: ignore[arg-type]  # as the query gives them


def _write(row: Sequence[object], replicas: Mapping[str, str], behind: float) -> Write:
    names = ("number", "at", "replica", "application", "table", "subject", "before", "after")
    fence = ("epoch", "term", "fence_epoch", "fence_term", "fence_holder")
    found: dict[str, object] = dict(zip((*names, *fence), row, strict=True))
    found["at"] = float(str(found["at"])) - behind
    found["replica"] = replicas.get(str(found["replica"]), str(found["replica"]))
    return Write(**found)  # type: ignore[arg-type]  # as the query gives them

"""The inbox in PostgreSQL: dedupe, messages, bursts and offset in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from polyant_engine.channels.model import Account, Address, Attachment, Event, Inbound, Stored
from polyant_engine.channels.ports import InboxFull
from polyant_engine.core import ids, queries
from polyant_engine.core.clock import Clock
from polyant_engine.core.database import Database, Record

SQL = queries.load_queries("polyant_engine.channels")

SLIDE_CAP_SECONDS = 10.0  # a burst that never pauses is answered after so long
MAX_WAITING = 2000  # turns; more is an outage of the models, and vendors keep messages better
FULL_SECONDS = 5
LOOK_SECONDS = 1.0
MAX_TEXT = 100_000  # characters of one message; vendors allow less
# Two replicas may begin a burst of one conversation at once; the slower one joins the other's.
RACES = 3
ONE_COLLECTING = "turns_one_collecting"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How messages become turns."""

    debounce_seconds: float
    max_restarts: int


class PostgresInbox:
    """An `Intake`."""

    def __init__(self, database: Database, rules: Rules, clock: Clock) -> None:
        self._database = database
        self._rules = rules
        self._clock = clock
        self._looked_at: float | None = None
        self._is_full = False

    async def store(
        self, account: Account, events: Sequence[Inbound], *, offset: int | None = None
    ) -> Stored:
        """Store events and offset in one statement."""
        await self._admit()
        rows = [_row(n, event) for n, event in enumerate(_distinct(events))]
        arguments = (
            account.id,
            account.kind.value,
            account.name,
            rows,
            offset,
            self._rules.debounce_seconds,
            max(SLIDE_CAP_SECONDS, self._rules.debounce_seconds),
            self._rules.max_restarts,
        )
        found = await self._take_in(arguments)
        return Stored(new=found["new"], known=len(events) - found["new"])

    async def _take_in(self, arguments: tuple[Any, ...]) -> Record:
        for _ in range(RACES):
            try:
                found = await self._database.fetchrow(SQL["take_in"], *arguments)
            except asyncpg.UniqueViolationError as race:
                if race.constraint_name != ONE_COLLECTING:
                    raise
                continue
            if found is None:
                raise AssertionError("the statement always returns a row")
            return found
        raise InboxFull(FULL_SECONDS)

    async def offset(self, account: Account) -> int | None:
        """Return the next offset, unless it is too old."""
        found: int | None = await self._database.fetchval(
            SQL["read_offset"], account.id, account.name
        )
        return found

    async def _admit(self) -> None:
        now = self._clock.monotonic()
        if self._looked_at is None or now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            waiting = await self._database.fetchval(SQL["count_waiting"], MAX_WAITING)
            self._is_full = waiting >= MAX_WAITING
        if self._is_full:
            raise InboxFull(FULL_SECONDS)


def external_id(address: Address) -> str:
    """Name the conversation of an address; a thread is one of its own."""
    return f"{address.chat}/{address.thread}" if address.thread else address.chat


def _distinct(events: Sequence[Inbound]) -> list[Inbound]:
    """Drop what one batch says twice: the first counts."""
    return list({event.dedupe_key: event for event in reversed(events)}.values())[::-1]


def _row(n: int, event: Inbound) -> dict[str, Any]:
    address = event.address
    return {
        "n": n,
        "id": ids.new_id(),
        "message_id": ids.new_id(),
        "dedupe_key": event.dedupe_key,
        "is_message": event.event is Event.MESSAGE,
        "reason": event.reason,
        "external_id": external_id(address) if address is not None else None,
        "chat": address.chat if address is not None else None,
        "thread": address.thread if address is not None else None,
        "content": clean(event.text)[:MAX_TEXT],
        "attachments": [attachment_row(found) for found in event.attachments],
        "sender_id": clean(event.sender_id),
        "sender_name": clean(event.sender_name),
        "reply_to": event.message_id,
        "occurred_at": event.occurred_at,
    }


def clean(text: str) -> str:
    """Drop what PostgreSQL cannot store: NUL, and half of a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def attachment_row(found: Attachment) -> dict[str, Any]:
    """Return how an attachment is stored."""
    return {
        "kind": found.kind.value,
        "reference": clean(found.reference),
        "media_type": found.media_type,
        "name": None if found.name is None else clean(found.name),
        "size": found.size,
        "seconds": found.seconds,
    }

"""The outbox in PostgreSQL: claimed, marked and settled under the fence."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from polyant_engine.channels.model import (
    Address,
    Attachment,
    AttachmentKind,
    Content,
    Live,
    Part,
)
from polyant_engine.channels.postgres import SQL, attachment_row, clean
from polyant_engine.channels.retrying import ClaimedPart, Mark
from polyant_engine.core.database import Executor, Record
from polyant_engine.leadership.fence import Fence, Term, load_guarded

GUARDED = load_guarded("polyant_engine.channels")


class LeaderStore:
    """The writes of the leader; each raises `LeadershipLost` when its term is over."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence

    async def next_due(self) -> float | None:
        """Return the seconds until the next burst is due, on the database's clock; none: no burst."""
        seconds: float | None = await self._fence.database.fetchval(SQL["next_due"])
        return seconds

    async def fire_bursts(self, term: Term) -> int:
        """Let the bursts whose time has come be answered."""
        return len(await self._fence.run(GUARDED["fire_bursts"], term))

    async def settle(
        self, term: Term, in_flight: Collection[uuid.UUID], *, is_sent_again: bool
    ) -> int:
        """Decide about the parts in flight that nobody is sending any more."""
        values = (is_sent_again, list(in_flight))
        return len(await self._fence.run(GUARDED["settle"], term, *values))

    async def claim(
        self, term: Term, channels: Collection[uuid.UUID], limit: int
    ) -> list[ClaimedPart]:
        """Take parts to send now: the oldest of each conversation with nothing in flight."""
        rows = await self._fence.run(GUARDED["claim_parts"], term, list(channels), limit)
        return [_claimed(row) for row in rows]

    async def mark(self, term: Term, marks: Sequence[Mark]) -> int:
        """Tell what became of parts; return how many were still ours."""
        told = [_told(mark) for mark in marks]
        return len(await self._fence.run(GUARDED["mark_parts"], term, told))

    async def pause(self, term: Term, channel_id: uuid.UUID, seconds: float, reason: str) -> None:
        """Send nothing of a channel for a while."""
        values = (channel_id, seconds, clean(reason)[:1000])
        await self._fence.run(GUARDED["pause_channel"], term, *values)

    async def tell_states(self, term: Term, states: Mapping[uuid.UUID, Live]) -> None:
        """Tell everybody how the adapters are."""
        told = [
            {
                "channel_id": str(channel_id),
                "state": live.state.value,
                "reason": clean(live.reason)[:1000],
                "next_try": live.next_try,
            }
            for channel_id, live in states.items()
        ]
        await self._fence.run(GUARDED["tell_states"], term, told)


class PostgresOutbox:
    """What anybody may do with the outbox."""

    def __init__(self, database: Executor) -> None:
        self._database = database

    async def resend(self, part_id: uuid.UUID) -> bool:
        """Send an unknown or dead part (again); tell whether there was one."""
        return await self._database.fetchval(SQL["resend"], part_id) is not None

    async def forget(self, limit: int) -> None:
        """Delete what is older than its time is long, a batch at a time."""
        await self._database.execute(SQL["forget_inbox"], limit)
        await self._database.execute(SQL["forget_outbox"], limit)


def content_row(content: Content) -> dict[str, Any]:
    """Return how a content is stored."""
    return {
        "text": clean(content.text),
        "formatting": content.formatting,
        "attachments": [attachment_row(found) for found in content.attachments],
    }


def _content(row: Mapping[str, Any]) -> Content:
    attachments = [_attachment(found) for found in row.get("attachments", ())]
    formatting = row.get("formatting", {})
    return Content(text=row["text"], formatting=formatting, attachments=attachments)


def _attachment(row: Mapping[str, Any]) -> Attachment:
    return Attachment(**{**row, "kind": AttachmentKind(row["kind"])})


def _claimed(row: Record) -> ClaimedPart:
    part = Part(
        id=row["id"],
        key=row["key"],
        channel_id=row["channel_id"],
        address=Address(chat=row["chat"], thread=row["thread"]),
        content=_content(row["content"]),
        reply_to=row["reply_to"],
        attempt=row["attempt"],
    )
    return ClaimedPart(part=part, failures=row["failures"], age=row["age"])


def _told(mark: Mark) -> dict[str, Any]:
    return {
        "id": str(mark.id),
        "state": mark.state.value,
        "reason": clean(mark.reason),
        "external_id": None if mark.external_id is None else clean(mark.external_id),
        "failures": mark.failures,
        "seconds": mark.seconds,
    }

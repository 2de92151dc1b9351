"""The queue of turns in PostgreSQL: claimed by any replica, one at a time in each conversation."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from polyant_engine.conversations import errors, model
from polyant_engine.conversations.postgres import SQL, agent_view, ending_values
from polyant_engine.core.database import Executor, Record
from polyant_engine.gateway import ports as gateway


class PostgresQueue:
    """Claims turns for one process, and ends them."""

    def __init__(self, database: Executor, *, runner: str, lease_seconds: float) -> None:
        self._database = database
        self._runner = runner
        self._lease_seconds = lease_seconds

    async def claim(self, limit: int) -> list[model.QueuedTurn]:
        """Take turns that wait; from now on their leases are ours to renew."""
        rows = await self._database.fetch(
            SQL["claim_turns"],
            self._runner,
            self._lease_seconds,
            limit,
            model.HISTORY_MESSAGES,
            model.HISTORY_CHARACTERS,
        )
        return [_queued(row) for row in rows]

    async def close(
        self, turn: model.OpenedTurn, ending: model.Ending, parts: Sequence[Mapping[str, Any]]
    ) -> bool:
        """End a turn with the parts of its reply; tell whether it was still ours."""
        closed = await self._database.fetchval(
            SQL["close_queued_turn"],
            *ending_values(turn, ending),
            turn.conversation_id,
            list(parts),
        )
        return closed is not None

    async def release(self, turn: model.OpenedTurn) -> bool:
        """Give a turn back; not after a tool wrote, or when it is not ours any more."""
        released = await self._database.fetchval(SQL["release_turn"], turn.id, turn.attempt)
        return released is not None

    async def begin_effect(self, turn: model.OpenedTurn, key: str, tool: str) -> model.Effect:
        """Note that a tool is about to write; raise `TurnLost` if the turn is not ours."""
        row = await self._database.fetchrow(SQL["begin_effect"], turn.id, turn.attempt, key, tool)
        if row is None:
            raise errors.TurnLost
        return model.Effect(is_new=row["is_new"], state=row["state"], result=row["result"])

    async def end_effect(self, turn_id: uuid.UUID, key: str, *, result: Any, is_ok: bool) -> None:
        """Note what came of it."""
        state = "done" if is_ok else "failed"
        await self._database.execute(SQL["end_effect"], turn_id, key, state, result)


def _queued(row: Record) -> model.QueuedTurn:
    opened = model.OpenedTurn(
        id=row["id"],
        attempt=row["attempt"],
        conversation_id=row["conversation_id"],
        agent=agent_view(row),
        admission=model.Admission.CHANNEL,
        history=[gateway.Message(role=role, content=said) for role, said in row["items"] or ()],
    )
    return model.QueuedTurn(
        opened=opened,
        channel=row["channel"],
        chat=row["chat"],
        text="\n".join(row["texts"] or ()),
        attachments=[item for several in row["attachments"] or () for item in several],
        is_active=row["is_active"],
    )

"""Turns in PostgreSQL."""

import uuid
from collections.abc import Mapping
from typing import Any

from polyant_engine.conversations import errors, model
from polyant_engine.core import ids, queries
from polyant_engine.core.database import Executor, Record
from polyant_engine.core.errors import PolyantError
from polyant_engine.gateway import ports as gateway
from polyant_engine.vault.model import Sealed

SQL = queries.load_queries("polyant_engine.conversations")


class PostgresTurns:
    """A `TurnStore`; `runner` names this process in the rows it holds."""

    def __init__(self, database: Executor, *, runner: str, lease_seconds: float) -> None:
        self._database = database
        self._runner = runner
        self._lease_seconds = lease_seconds

    async def open(self, request: model.Request) -> model.OpenedTurn:
        """Open a turn in one round trip."""
        turn_id = ids.new_id()
        row = await self._database.fetchrow(SQL["open_turn"], *self._opening(request, turn_id))
        if row is None:
            raise await self._refusal(request)
        if row["conversation_id"] is None:
            raise errors.ConversationBusy
        return model.OpenedTurn(
            id=turn_id,
            attempt=1,
            conversation_id=row["conversation_id"],
            agent=agent_view(row),
            admission=model.Admission(row["admission"]),
            history=await self._history(request, row),
        )

    def _opening(self, request: model.Request, turn_id: uuid.UUID) -> tuple[Any, ...]:
        conversation_id = ids.new_id()
        # A conversation of its own is never continued, so a copy of its history helps nobody.
        imported = request.earlier if request.chat_id is not None else ()
        return (
            request.slug,
            request.caller.key_hash,
            request.caller.user_id,
            conversation_id,
            request.chat_id if request.chat_id is not None else str(conversation_id),
            turn_id,
            ids.new_id(),
            self._runner,
            [message.role for message in imported],
            [message.content for message in imported],
            [ids.new_id() for _ in imported],
            self._lease_seconds,
            request.text,
            model.HISTORY_MESSAGES,
            model.HISTORY_CHARACTERS,
        )

    async def _refusal(self, request: model.Request) -> PolyantError:
        caller = request.caller
        known = caller.user_id is not None or (
            caller.key_hash is not None
            and await self._database.fetchval(SQL["is_key_known"], caller.key_hash)
        )
        return errors.AgentUnknown(request.slug) if known else errors.CallerUnknown()

    async def _history(self, request: model.Request, row: Record) -> list[gateway.Message]:
        if row["is_new"]:
            return list(request.earlier)[-model.HISTORY_MESSAGES :]
        if row["newest"] == row["last_seq"] - 1:
            return [_message(role, content) for role, content in row["items"] or ()]
        found = await self._database.fetch(
            SQL["history"],
            row["conversation_id"],
            row["last_seq"],
            model.HISTORY_MESSAGES,
            model.HISTORY_CHARACTERS,
        )
        return [_message(item["role"], item["content"]) for item in found]

    async def close(self, turn: model.OpenedTurn, ending: model.Ending) -> bool:
        """End a turn in one round trip."""
        closed = await self._database.fetchval(SQL["close_turn"], *ending_values(turn, ending))
        return closed is not None

    async def has_ended(self, turn: model.OpenedTurn, ending: model.Ending) -> bool:
        """Tell whether our ending is stored already."""
        found: bool = await self._database.fetchval(
            SQL["has_ended"], turn.id, turn.attempt, ending.state.value
        )
        return found

    async def renew(self, turns: Mapping[uuid.UUID, int]) -> set[uuid.UUID]:
        """Prolong leases."""
        attempts = list(turns.values())
        rows = await self._database.fetch(
            SQL["renew_leases"], list(turns), attempts, self._lease_seconds
        )
        return {row["id"] for row in rows}

    async def abandon_expired(self) -> int:
        """End the turns of engines that vanished."""
        count: int = await self._database.fetchval(
            SQL["abandon_expired"], model.MAX_LOSSES, {"text": model.APOLOGY}
        )
        return count

    async def ensure_log_partitions(self, days: int) -> None:
        """Make the daily partitions of the call log ahead of time."""
        await self._database.execute(SQL["ensure_log_partitions"], days)


def ending_values(turn: model.OpenedTurn, ending: model.Ending) -> tuple[Any, ...]:
    """List what every statement that ends a turn begins with, $1 to $15."""
    usage = ending.usage
    return (
        turn.id,
        turn.attempt,
        ending.state.value,
        ending.error,
        ending.provider,
        ending.model,
        None if usage is None else usage.input_tokens,
        None if usage is None else usage.output_tokens,
        None if usage is None else usage.cached_tokens,
        ending.usage_estimated,
        ending.cost_usd,
        int(ending.has_reply),
        ids.new_id(),
        ending.text,
        ending.is_partial,
    )


def agent_view(row: Record) -> model.AgentView:
    """Read what a statement that opens a turn tells of its agent."""
    secret = None
    if row["box"] is not None:
        sealed = Sealed(key_id=row["key_id"], box=row["box"])
        secret = model.StoredSecret(row_id=row["secret_id"], sealed=sealed)
    return model.AgentView(
        id=row["agent_id"],
        slug=row["slug"],
        provider=row["provider"],
        model=row["model"],
        sections=row["sections"] or {},
        secret=secret,
    )


def _message(role: str, content: str) -> gateway.Message:
    return gateway.Message(role=role, content=content)

"""What turns need from outside: a store, a log, and somebody who opens sealed secrets."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeAlias

from polyant_engine.conversations import model
from polyant_engine.gateway import ports as gateway
from polyant_engine.vault.model import Purpose, Sealed

# Commits how a turn ended, and tells whether it was still ours; called again after an outage.
Close: TypeAlias = Callable[[model.Ending], Awaitable[bool]]


class TurnStore(Protocol):
    """Keeps conversations, messages and turns."""

    async def open(self, request: model.Request) -> model.OpenedTurn:
        """Open a turn; raise what forbids it, or `ConversationBusy`."""
        ...

    async def close(self, turn: model.OpenedTurn, ending: model.Ending) -> bool:
        """End a turn; tell whether it was still ours."""
        ...

    async def has_ended(self, turn: model.OpenedTurn, ending: model.Ending) -> bool:
        """Tell whether our ending is stored already."""
        ...

    async def renew(self, turns: Mapping[uuid.UUID, int]) -> set[uuid.UUID]:
        """Prolong the leases of attempts; return the turns that are still ours."""
        ...

    async def abandon_expired(self) -> int:
        """End or queue again the turns of engines that vanished; return how many."""
        ...


class SecretOpener(Protocol):
    """Opens sealed secrets; the vault does."""

    def open(self, purpose: Purpose, row_id: uuid.UUID, sealed: Sealed) -> str:
        """Decrypt the secret of a row."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class CallRecord:
    """One call of a model, for usage and cost."""

    id: uuid.UUID
    created_at: datetime
    agent_id: uuid.UUID
    conversation_id: uuid.UUID
    turn_id: uuid.UUID
    outcome: str  # ok, failed, cancelled
    error: str | None
    provider: str
    model: str
    is_streaming: bool
    usage: gateway.Usage | None
    usage_estimated: bool
    cost_usd: Decimal | None
    first_token_ms: int | None
    duration_ms: int


class CallLog(Protocol):
    """Takes records without waiting."""

    def append(self, record: CallRecord) -> None:
        """Keep a record until it is written; never block, never fail."""
        ...


class Keeper(Protocol):
    """Keeps what came with a message."""

    async def keep(
        self, agent_id: uuid.UUID, turn_id: uuid.UUID, images: Sequence[gateway.Image]
    ) -> None:
        """Keep images; never fails, a loss is logged and counted."""
        ...

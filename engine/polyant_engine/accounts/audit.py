"""The audit log: who did what to what, from where, written with the change itself.

Call `record` with the connection of the transaction that makes the change: either both are stored
or neither. Rows are only ever added. Details hold no secrets and no message texts.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from polyant_engine.core import ids, logs
from polyant_engine.core.database import Executor
from polyant_engine.core.queries import load_queries

_queries = load_queries("polyant_engine.accounts")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing that was done."""

    action: str  # `agent.created`: object and past participle
    actor_id: uuid.UUID | None  # a person; nothing when the process itself acted
    object_kind: str
    object_id: str
    client_address: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


async def record(executor: Executor, entry: Entry) -> None:
    """Add an entry to the audit log."""
    await executor.execute(
        _queries["record_audit"],
        ids.new_id(),
        entry.actor_id,
        entry.action,
        entry.object_kind,
        entry.object_id,
        dict(entry.details),
        entry.client_address,
        logs.request_id.get(),
    )

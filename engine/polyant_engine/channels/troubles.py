"""Messages that did not arrive, or may not have: what a person sees, and decides."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from polyant_engine.agents.ports import Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """A message to somebody that did not arrive, or may not have."""

    id: uuid.UUID
    kind: str
    chat: str
    thread: str
    text: str  # how it begins
    state: str
    reason: str
    attempt: int
    conversation_id: uuid.UUID
    created_at: datetime
    finished_at: datetime


class Troubles(Protocol):
    """What may be seen and decided about messages of an agent."""

    async def counts(self, slug: str) -> Mapping[str, int]:
        """Return how many messages are in each state but `sent`; raise `AgentMissing`."""
        ...

    async def of(self, slug: str, states: Sequence[str], limit: int, offset: int) -> list[Trouble]:
        """Return messages in some states, the latest first."""
        ...

    async def resend(self, slug: str, part_id: uuid.UUID, actor: Actor) -> bool:
        """Send one (again); tell whether the agent has it, and it is unknown or dead."""
        ...

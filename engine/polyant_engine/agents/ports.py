"""What agents need from outside: a store whose every change carries its audit entry."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from polyant_engine.agents.model import Agent
from polyant_engine.vault.model import Sealed


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who makes a change, for the audit log."""

    user_id: uuid.UUID
    client_address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedSecret:
    """A secret on its way into the store."""

    row_id: uuid.UUID
    key: str
    sealed: Sealed


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretName:
    """A stored secret, by name only."""

    row_id: uuid.UUID
    key: str


class AgentStore(Protocol):
    """Keeps agents. Methods that change raise `AgentMissing` for an agent that is gone."""

    async def all(self) -> Sequence[Agent]:
        """Return every agent, by name."""
        ...

    async def by_slug(self, slug: str) -> Agent:
        """Return an agent."""
        ...

    async def of_key(self, key_hash: bytes) -> Agent | None:
        """Return the agent that an API key belongs to."""
        ...

    async def create(
        self, agent: Mapping[str, Any], sections: Mapping[str, str], actor: Actor
    ) -> Agent:
        """Store a new agent with its prompt; raise `SlugTaken`."""
        ...

    async def change(self, slug: str, changes: Mapping[str, Any], actor: Actor) -> Agent:
        """Change columns of an agent."""
        ...

    async def delete(self, slug: str, actor: Actor) -> None:
        """Mark an agent as deleted; its slug is free again, its key and secrets are gone."""
        ...

    async def set_key(self, slug: str, key_hash: bytes | None, actor: Actor) -> None:
        """Replace the hash of the API key, or remove it."""
        ...

    async def sections(self, slug: str) -> Mapping[str, str]:
        """Return the prompt sections that have a text."""
        ...

    async def set_sections(self, slug: str, sections: Mapping[str, str], actor: Actor) -> None:
        """Replace some prompt sections."""
        ...

    async def secrets(self, slug: str) -> Sequence[SecretName]:
        """Return the names of the secrets."""
        ...

    async def set_secrets(self, slug: str, secrets: Sequence[SealedSecret], actor: Actor) -> None:
        """Store or replace secrets."""
        ...

    async def delete_secret(self, slug: str, key: str, actor: Actor) -> None:
        """Delete a secret; raise `SecretMissing`."""
        ...

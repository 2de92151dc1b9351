"""Agents in PostgreSQL; every change and its audit entry are one transaction."""

import contextlib
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import asyncpg

from polyant_engine.accounts import audit
from polyant_engine.agents import errors
from polyant_engine.agents.model import Agent
from polyant_engine.agents.ports import Actor, SealedSecret, SecretName
from polyant_engine.core import ids, queries
from polyant_engine.core.database import Database, Executor, Record

SQL = queries.load_queries("polyant_engine.agents")


class PostgresAgents:
    """An `AgentStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[Agent]:
        """Return every agent, by name."""
        return [_agent(row) for row in await self._database.fetch(SQL["all_agents"])]

    async def by_slug(self, slug: str) -> Agent:
        """Return an agent."""
        return _found(await self._database.fetchrow(SQL["agent_by_slug"], slug), slug)

    async def of_key(self, key_hash: bytes) -> Agent | None:
        """Return the agent that an API key belongs to."""
        row = await self._database.fetchrow(SQL["agent_by_key"], key_hash)
        return None if row is None else _agent(row)

    async def create(
        self, agent: Mapping[str, Any], sections: Mapping[str, str], actor: Actor
    ) -> Agent:
        """Store a new agent with its prompt."""
        names = ("slug", "name", "description", "provider", "model")
        values = [agent[name] for name in names]
        try:
            async with self._database.transaction() as connection:
                row = await connection.fetchrow(SQL["create_agent"], ids.new_id(), *values)
                created = _found(row, agent["slug"])
                rows = [(created.id, key, content) for key, content in sections.items()]
                await connection.executemany(SQL["set_section"], rows)
                await _record(
                    connection, "agent.created", created.id, actor, {"slug": created.slug}
                )
        except asyncpg.UniqueViolationError as taken:
            raise errors.SlugTaken(agent["slug"]) from taken
        return created

    async def change(self, slug: str, changes: Mapping[str, Any], actor: Actor) -> Agent:
        """Change columns of an agent."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(SQL["change_agent"], slug, dict(changes))
            changed = _found(row, slug)
            await _record(connection, "agent.changed", changed.id, actor, dict(changes))
        return changed

    async def delete(self, slug: str, actor: Actor) -> None:
        """Mark an agent as deleted."""
        async with self._database.transaction() as connection:
            agent_id = await connection.fetchval(SQL["mark_agent_deleted"], slug)
            if agent_id is None:
                raise errors.AgentMissing(slug)
            await connection.execute(SQL["delete_all_secrets"], agent_id)
            await _record(connection, "agent.deleted", agent_id, actor, {"slug": slug})

    async def set_key(self, slug: str, key_hash: bytes | None, actor: Actor) -> None:
        """Replace the hash of the API key, or remove it."""
        async with self._database.transaction() as connection:
            agent_id = await connection.fetchval(SQL["set_key_hash"], slug, key_hash)
            if agent_id is None:
                raise errors.AgentMissing(slug)
            action = "agent.key-removed" if key_hash is None else "agent.key-made"
            await _record(connection, action, agent_id, actor)

    async def sections(self, slug: str) -> Mapping[str, str]:
        """Return the prompt sections that have a text."""
        agent = await self.by_slug(slug)
        rows = await self._database.fetch(SQL["sections"], agent.id)
        return {row["section"]: row["content"] for row in rows}

    async def set_sections(self, slug: str, sections: Mapping[str, str], actor: Actor) -> None:
        """Replace some prompt sections."""
        async with self._changing(slug) as (connection, agent_id):
            rows = [(agent_id, key, content) for key, content in sections.items()]
            await connection.executemany(SQL["set_section"], rows)
            await _record(
                connection, "agent.prompts-changed", agent_id, actor, {"keys": sorted(sections)}
            )

    async def secrets(self, slug: str) -> Sequence[SecretName]:
        """Return the names of the secrets."""
        agent = await self.by_slug(slug)
        rows = await self._database.fetch(SQL["secrets"], agent.id)
        return [SecretName(row_id=row["id"], key=row["key"]) for row in rows]

    async def set_secrets(self, slug: str, secrets: Sequence[SealedSecret], actor: Actor) -> None:
        """Store or replace secrets."""
        async with self._changing(slug) as (connection, agent_id):
            rows = [
                (secret.row_id, agent_id, secret.key, secret.sealed.key_id, secret.sealed.box)
                for secret in secrets
            ]
            await connection.executemany(SQL["set_secret"], rows)
            keys = sorted(secret.key for secret in secrets)
            await _record(connection, "agent.secrets-set", agent_id, actor, {"keys": keys})

    async def delete_secret(self, slug: str, key: str, actor: Actor) -> None:
        """Delete a secret."""
        async with self._changing(slug) as (connection, agent_id):
            if await connection.fetchval(SQL["delete_secret"], agent_id, key) is None:
                raise errors.SecretMissing(key)
            await _record(connection, "agent.secret-deleted", agent_id, actor, {"key": key})

    @contextlib.asynccontextmanager
    async def _changing(self, slug: str) -> AsyncIterator[tuple[Executor, uuid.UUID]]:
        async with self._database.transaction() as connection:
            agent_id = await connection.fetchval(SQL["agent_id"], slug)
            if agent_id is None:
                raise errors.AgentMissing(slug)
            yield connection, agent_id


async def _record(
    connection: Executor,
    action: str,
    agent_id: uuid.UUID,
    actor: Actor,
    details: Mapping[str, Any] | None = None,
) -> None:
    entry = audit.Entry(
        action=action,
        actor_id=actor.user_id,
        object_kind="agent",
        object_id=str(agent_id),
        client_address=actor.client_address,
        details=details or {},
    )
    await audit.record(connection, entry)


def _found(row: Record | None, slug: str) -> Agent:
    if row is None:
        raise errors.AgentMissing(slug)
    return _agent(row)


def _agent(row: Record) -> Agent:
    return Agent(**dict(row.items()))

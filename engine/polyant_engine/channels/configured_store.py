"""Configurations of channels, and what went wrong with their messages, in PostgreSQL."""

import uuid
from collections.abc import Mapping, Sequence

from polyant_engine.accounts import audit
from polyant_engine.agents.errors import AgentMissing
from polyant_engine.agents.ports import Actor
from polyant_engine.channels.configuring import AccountTaken, ChangedMeanwhile, Found, Stored
from polyant_engine.channels.model import Kind, Live, LiveState
from polyant_engine.channels.outbox_store import PostgresOutbox
from polyant_engine.channels.postgres import SQL
from polyant_engine.channels.retrying import PartState
from polyant_engine.channels.troubles import Trouble
from polyant_engine.core.database import Database, Executor, Record
from polyant_engine.vault.model import Sealed


class PostgresConfigured:
    """A `Store`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, slug: str) -> tuple[uuid.UUID, Sequence[Found]]:
        """Return an agent and its channels."""
        rows = await self._database.fetch(SQL["list_configured"], slug)
        if not rows:
            raise AgentMissing(slug)
        return rows[0]["agent_id"], [_found(row) for row in rows if row["id"] is not None]

    async def save(self, channel: Stored, actor: Actor) -> None:
        """Store a new channel or the next version."""
        sealed = channel.sealed
        box, key_id = (None, None) if sealed is None else (sealed.box, sealed.key_id)
        values = (channel.account, channel.enabled, dict(channel.settings), box, key_id)
        async with self._database.transaction() as connection:
            await connection.execute(SQL["lock_configurations"])
            if channel.enabled:
                await _free(connection, channel)
            if channel.version == 0:
                owner = (channel.agent_id, channel.kind.value)
                saved = await connection.fetchval(
                    SQL["create_channel"], channel.id, *owner, *values
                )
            else:
                version = channel.version
                saved = await connection.fetchval(
                    SQL["change_channel"], channel.id, version, *values
                )
            if saved is None:
                raise ChangedMeanwhile
            details = {"kind": channel.kind.value, "account": channel.account}
            shown = {**details, "enabled": channel.enabled}
            await _record(connection, "channel.configured", channel.id, actor, shown)

    async def delete(self, slug: str, kind: Kind, actor: Actor) -> bool:
        """Delete a channel with what waits to be sent."""
        async with self._database.transaction() as connection:
            found = await connection.fetchval(SQL["delete_channel"], slug, kind.value)
            if found is None:
                return False
            await _record(connection, "channel.deleted", found, actor, {"kind": kind.value})
        return True


class PostgresTroubles:
    """`Troubles`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, slug: str) -> Mapping[str, int]:
        """Return how many parts of an agent are in each state that is no end, or no good one."""
        found = await self._database.fetch(SQL["count_parts"], slug)
        if not found:
            raise AgentMissing(slug)
        states = (PartState.QUEUED, PartState.SENDING, PartState.UNKNOWN, PartState.DEAD)
        counted = {row["state"]: row["parts"] for row in found}
        return {state.value: counted.get(state.value, 0) for state in states}

    async def of(self, slug: str, states: Sequence[str], limit: int, offset: int) -> list[Trouble]:
        """Return parts in some states, the latest first."""
        rows = await self._database.fetch(SQL["list_troubles"], slug, list(states), limit, offset)
        return [Trouble(**dict(row.items())) for row in rows]

    async def resend(self, slug: str, part_id: uuid.UUID, actor: Actor) -> bool:
        """Send a part (again); tell whether the agent has it, and it is unknown or dead."""
        async with self._database.transaction() as connection:
            channel_id = await connection.fetchval(SQL["channel_of_part"], slug, part_id)
            if channel_id is None or not await PostgresOutbox(connection).resend(part_id):
                return False
            details = {"part": str(part_id)}
            await _record(connection, "message.resent", channel_id, actor, details)
        return True


async def _free(connection: Executor, channel: Stored) -> None:
    """Make sure that nobody else is at work with the account; agents that are deleted let go."""
    account = (channel.kind.value, channel.account, channel.id)
    await connection.execute(SQL["release_account"], *account)
    holder = await connection.fetchval(SQL["account_holder"], *account)
    if holder is not None:
        raise AccountTaken(channel.kind, channel.account, holder)


async def _record(
    connection: Executor,
    action: str,
    channel_id: uuid.UUID,
    actor: Actor,
    details: Mapping[str, object],
) -> None:
    entry = audit.Entry(
        action=action,
        actor_id=actor.user_id,
        object_kind="channel",
        object_id=str(channel_id),
        client_address=actor.client_address,
        details=details,
    )
    await audit.record(connection, entry)


def _found(row: Record) -> Found:
    sealed = None
    if row["box"] is not None:
        sealed = Sealed(key_id=row["key_id"], box=row["box"])
    live = None
    if row["state"] is not None:
        state = LiveState(row["state"])
        live = Live(state=state, reason=row["reason"], next_try=row["next_try"])
    stored = Stored(
        id=row["id"],
        agent_id=row["agent_id"],
        kind=Kind(row["kind"]),
        account=row["account"],
        enabled=row["enabled"],
        version=row["version"],
        settings=row["settings"],
        sealed=sealed,
    )
    return Found(
        stored=stored,
        live=live,
        is_led=row["is_led"],
        told_at=row["told_at"],
        updated_at=row["updated_at"],
    )

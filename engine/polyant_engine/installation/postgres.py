"""The installation's rows."""

import uuid

import asyncpg

from polyant_engine.core.database import Executor
from polyant_engine.core.queries import load_queries
from polyant_engine.installation.model import Compat, Identity, State

_queries = load_queries("polyant_engine.installation")


class InstallationStore:
    """Reads and writes who this database belongs to and which keys it knows."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def state(self) -> State | None:
        """Return what the database says about itself, or nothing while no migration has run."""
        try:
            row = await self._executor.fetchrow(_queries["state"])
        except asyncpg.UndefinedTableError:
            return None
        return State(**dict(row)) if row is not None else None

    async def identity(self) -> Identity | None:
        """Return whose database this is."""
        row = await self._executor.fetchrow(_queries["identity"])
        return Identity(id=row["id"], owner=row["owner"]) if row is not None else None

    async def compatibility(self) -> Compat | None:
        """Return which code works with the schema."""
        row = await self._executor.fetchrow(_queries["compatibility"])
        return Compat(head=row["head"], min_head=row["min_head"]) if row is not None else None

    async def active_key_id(self) -> str | None:
        """Return the id of the key that new secrets are written with."""
        active: str | None = await self._executor.fetchval(_queries["active_key_id"])
        return active

    async def found(self, identity: Identity, key_id: str, term: uuid.UUID) -> None:
        """Give a new installation identity, first key and fence; an existing one keeps its own."""
        await self._executor.execute(_queries["found_installation"], identity.id, identity.owner)
        await self._executor.execute(_queries["found_key"], key_id)
        await self._executor.execute(_queries["found_fence"], term)

    async def set_owner(self, owner: str) -> None:
        """Write down who owns this database now."""
        await self._executor.execute(_queries["set_owner"], owner)

    async def note_key(self, key_id: str) -> None:
        """Remember that a key has been used here."""
        await self._executor.execute(_queries["note_key"], key_id)

"""Configured channels in PostgreSQL, with their secrets opened."""

import json
import logging
import uuid

from polyant_engine.channels.model import Account, Kind
from polyant_engine.channels.postgres import SQL
from polyant_engine.core.database import Executor, Record
from polyant_engine.vault.model import BrokenBoxError, Purpose, Sealed, UnknownKeyError
from polyant_engine.vault.service import Vault

_log = logging.getLogger(__name__)


class PostgresAccounts:
    """Reads the channels that should be at work."""

    def __init__(self, database: Executor, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def versions(self) -> dict[uuid.UUID, int]:
        """Return which channels there are, and the version of each: cheap, asked once a second."""
        rows = await self._database.fetch(SQL["list_versions"])
        return {row["id"]: row["version"] for row in rows}

    async def kinds(self) -> set[Kind]:
        """Return the kinds of the channels that should be at work."""
        return {Kind(row["kind"]) for row in await self._database.fetch(SQL["list_kinds"])}

    async def all(self) -> list[Account]:
        """Return the accounts; one whose secrets do not open is left out, and the log says so."""
        rows = await self._database.fetch(SQL["list_accounts"])
        return [found for row in rows if (found := self._account(row)) is not None]

    async def of_agent(self, slug: str, kind: Kind) -> Account | None:
        """Return the channel of an agent, if both are switched on: whose webhook is called."""
        if "\x00" in slug:  # a webhook's path may hold anything
            return None
        row = await self._database.fetchrow(SQL["find_account_of_agent"], slug, kind.value)
        return None if row is None else self._account(row)

    async def by_id(self, channel_id: uuid.UUID) -> Account | None:
        """Return a channel that is switched on."""
        row = await self._database.fetchrow(SQL["find_account"], channel_id)
        return None if row is None else self._account(row)

    def _account(self, row: Record) -> Account | None:
        secrets: dict[str, str] = {}
        if row["box"] is not None:
            sealed = Sealed(key_id=row["key_id"], box=row["box"])
            try:
                secrets = json.loads(self._vault.open(Purpose.CHANNEL_CONFIG, row["id"], sealed))
            except (UnknownKeyError, BrokenBoxError) as closed:
                _log.error("a channel's secrets do not open: %s", closed)
                return None
        return Account(
            id=row["id"],
            agent_id=row["agent_id"],
            kind=Kind(row["kind"]),
            name=row["name"],
            version=row["version"],
            settings=row["settings"],
            secrets=secrets,
        )

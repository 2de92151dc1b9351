"""Contacts and deliveries in PostgreSQL. Not fenced: each statement is idempotent or takes row locks."""

import uuid

from polyant_engine.channels.model import Account
from polyant_engine.channels.postgres import clean
from polyant_engine.channels.twilio.ports import Standing
from polyant_engine.channels.twilio.statuses import Status
from polyant_engine.channels.twilio.words import Word
from polyant_engine.core import queries
from polyant_engine.core.database import Executor

SQL = queries.load_queries("polyant_engine.channels.twilio")


class PostgresContacts:
    """`Contacts` and `Deliveries`."""

    def __init__(self, database: Executor) -> None:
        self._database = database

    async def hear(self, account: Account, chat: str, sid: str, word: Word) -> bool:
        """Note that somebody wrote; tell whether they are opted out now."""
        values = (account.kind.value, account.name, chat, sid, word.value)
        return bool(await self._database.fetchval(SQL["hear"], *values))

    async def standing(self, account: Account, chat: str) -> Standing:
        """Return how somebody stands to us."""
        row = await self._database.fetchrow(SQL["standing"], account.kind.value, account.name, chat)
        return Standing() if row is None else Standing(**dict(row))

    async def opt_out(self, account: Account, chat: str) -> None:
        """Note that the vendor knows somebody as opted out."""
        await self._database.execute(SQL["opt_out"], account.kind.value, account.name, chat)

    async def tell(self, channel_id: uuid.UUID, part_id: uuid.UUID, status: Status) -> bool:
        """Note a status; tell whether it was news."""
        values = (clean(status.sid), status.word, status.rank, status.is_end, status.reason)
        return (
            await self._database.fetchval(SQL["tell_delivery"], channel_id, part_id, *values)
            is not None
        )

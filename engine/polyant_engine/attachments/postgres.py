"""Attachments in PostgreSQL: rows only, contents are in the bucket."""

import uuid
from collections.abc import Sequence

from polyant_engine.attachments.model import Attachment
from polyant_engine.core import queries
from polyant_engine.core.database import Database

SQL = queries.load_queries("polyant_engine.attachments")


class PostgresAttachments:
    """An `AttachmentStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, attachments: Sequence[Attachment]) -> None:
        """Remember files whose contents are stored."""
        async with self._database.transaction() as connection:
            for each in attachments:
                values = (each.turn_id, each.digest, each.media_type, each.size)
                await connection.execute(SQL["add"], each.id, each.agent_id, *values)

    async def find(self, attachment_id: uuid.UUID) -> Attachment | None:
        """Find one; not those of deleted agents."""
        row = await self._database.fetchrow(SQL["find"], attachment_id)
        return Attachment(**dict(row)) if row is not None else None

"""Keep what came with a turn, and give it back to who may read conversations."""

import asyncio
import logging
import uuid
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter

from polyant_engine.attachments import model
from polyant_engine.attachments.model import Attachment
from polyant_engine.attachments.ports import AttachmentStore, Bucket
from polyant_engine.core import ids
from polyant_engine.core.errors import PolyantError
from polyant_engine.gateway.ports import Image

_log = logging.getLogger(__name__)


class Attachments:
    """Keeps files in a bucket."""

    def __init__(self, store: AttachmentStore, bucket: Bucket, registry: CollectorRegistry) -> None:
        self._store = store
        self._bucket = bucket
        self._outcomes = Counter(
            "polyant_attachments",
            "Files that came with turns, by whether they could be kept.",
            ("outcome",),
            registry=registry,
        )

    async def keep(self, agent_id: uuid.UUID, turn_id: uuid.UUID, images: Sequence[Image]) -> None:
        """Keep the images of a turn; a failure is logged and counted, and the turn goes on.

        A row is written only after its content is stored, so no row leads nowhere.
        """
        found = {model.digest_of(image.data): image for image in images}
        made = [
            Attachment(
                id=ids.new_id(),
                agent_id=agent_id,
                turn_id=turn_id,
                digest=digest,
                media_type=image.media_type,
                size=len(image.data),
            )
            for digest, image in found.items()
        ]
        try:
            await asyncio.gather(
                *(
                    self._bucket.put(each.key, found[each.digest].data, each.media_type)
                    for each in made
                )
            )
            await self._store.add(made)
        except PolyantError as error:
            self._outcomes.labels("lost").inc(len(made))
            _log.warning("%d attachments of turn %s are not kept: %s", len(made), turn_id, error)
        else:
            self._outcomes.labels("kept").inc(len(made))

    async def open(self, attachment_id: uuid.UUID) -> tuple[Attachment, bytes] | None:
        """Return a file with its content, or None."""
        found = await self._store.find(attachment_id)
        content = await self._bucket.get(found.key) if found is not None else None
        return (found, content) if found is not None and content is not None else None

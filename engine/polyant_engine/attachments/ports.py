"""What attachments need from outside: a bucket for contents and rows that know them."""

import uuid
from collections.abc import Sequence
from typing import ClassVar, Protocol

from polyant_engine.attachments.model import Attachment
from polyant_engine.core.errors import PolyantError


class StorageUnavailable(PolyantError):
    """The bucket did not take or give a content; the cause is in the log."""

    status = 503
    title = "Service Unavailable"
    default_code: ClassVar[str | None] = "storage_unavailable"


class Bucket(Protocol):
    """Object storage."""

    async def put(self, key: str, content: bytes, media_type: str) -> None:
        """Store a content; raise `StorageUnavailable`."""
        ...

    async def get(self, key: str) -> bytes | None:
        """Return a content, or None when it is not there; raise `StorageUnavailable`."""
        ...


class AttachmentStore(Protocol):
    """Knows which file belongs to which turn."""

    async def add(self, attachments: Sequence[Attachment]) -> None:
        """Remember files whose contents are stored."""
        ...

    async def find(self, attachment_id: uuid.UUID) -> Attachment | None:
        """Find one; not those of deleted agents."""
        ...

"""A kept file as a value, and under which name the bucket has it."""

import hashlib
import uuid
from dataclasses import dataclass
from typing import Final

# Browsers show these in place; anything else could be a page that acts in our name.
SHOWN: Final = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """One file of one turn."""

    id: uuid.UUID
    agent_id: uuid.UUID
    turn_id: uuid.UUID
    digest: bytes  # SHA-256 of the content: 32 bytes
    media_type: str
    size: int  # bytes

    @property
    def key(self) -> str:
        """Name the object: by content, so that the same file twice is one object, and no name lies."""
        return f"attachments/{self.agent_id}/{self.digest.hex()}"


def digest_of(content: bytes) -> bytes:
    """Return what a content is known by."""
    return hashlib.sha256(content).digest()

"""Sealing and opening secrets of rows."""

import os
import uuid
from typing import ClassVar

from polyant_engine.core import errors
from polyant_engine.vault import model
from polyant_engine.vault.model import Purpose, Ring, Sealed
from polyant_engine.vault.ports import ActiveKey


class KeyMissing(errors.Unavailable):
    """This process lacks the key; an administrator must mend the configuration."""

    default_code: ClassVar[str | None] = "encryption_key_missing"


class Vault:
    """Writes with the active key, reads with every key of the ring."""

    def __init__(self, ring: Ring, active_key: ActiveKey) -> None:
        self._ring = ring
        self._active_key = active_key

    async def seal(self, purpose: Purpose, row_id: uuid.UUID, value: str) -> Sealed:
        """Encrypt a secret for its row."""
        active = await self._active_key.active_key_id()
        if active is None or active not in self._ring.ids:
            raise KeyMissing(f"The active encryption key {active} is not configured here.")
        bound = model.binding(purpose, row_id)
        return self._ring.seal(active, bound, value.encode(), os.urandom(model.NONCE_BYTES))

    def open(self, purpose: Purpose, row_id: uuid.UUID, sealed: Sealed) -> str:
        """Decrypt the secret of a row."""
        try:
            return self._ring.open(sealed, model.binding(purpose, row_id)).decode()
        except model.UnknownKeyError as missing:
            raise KeyMissing(
                f"The encryption key {sealed.key_id} is not configured here."
            ) from missing
        except model.BrokenBoxError as broken:
            raise errors.PolyantError(
                "A stored secret cannot be read.", code="secret_broken"
            ) from broken

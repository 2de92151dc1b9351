"""What the vault needs from outside."""

from typing import Protocol


class ActiveKey(Protocol):
    """Knows which key writes: the database says so, not the order of variables."""

    async def active_key_id(self) -> str | None:
        """Return the id of the key that new secrets are written with."""
        ...

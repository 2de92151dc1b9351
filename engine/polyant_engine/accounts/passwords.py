"""Password hashes: argon2id with OWASP's numbers, off the event loop, a few at a time.

One hash takes 19 MiB and some 27 ms, so at most two run at once, whatever the number of people who
sign in. Checking an unknown user hashes as well, so that time tells nothing.
"""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 19456
PASSES = 2
LANES = 1
AT_ONCE = 2


class Passwords:
    """Hashes and verifies passwords."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES
        )
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Return the hash of a new password."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Tell whether a password is right; without a stored hash it takes just as long."""
        decoy = await self._decoy_hash()  # before either way, or the first unknown person is slower
        is_right = await self._verified(stored or decoy, password)
        return is_right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a hash was made with weaker numbers than today's."""
        return self._hasher.check_needs_rehash(stored)

    async def _decoy_hash(self) -> str:
        if self._decoy is None:
            self._decoy = await self.hash(secrets.token_urlsafe())
        return self._decoy

    async def _verified(self, stored: str, password: str) -> bool:
        async with self._slots:
            return await asyncio.to_thread(self._compare, stored, password)

    def _compare(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

"""Hashes: what the database holds instead of a token, and what stands for a text one could guess.

A token is 256 random bits, so a plain hash is enough: nothing is there to guess. No key goes into
it, so AUTH_SECRET may change without ending a session or an API key. What has few possible values,
such as an address, is hashed with AUTH_SECRET.
"""

import hashlib
import hmac

FINGERPRINT_MESSAGE = b"polyant-auth-secret"
FINGERPRINT_BYTES = 8
_TOKEN = b"polyant-token\x00"


class TokenHasher:
    """Hashes tokens by themselves, and guessable texts with the secret of the installation."""

    def __init__(self, auth_secret: str) -> None:
        self._key = auth_secret.encode()

    def digest(self, token: str) -> bytes:
        """Return what is stored and looked up for a token."""
        return hashlib.sha256(_TOKEN + token.encode()).digest()

    def keyed(self, text: str) -> bytes:
        """Return what stands for a text that could be guessed."""
        return hmac.digest(self._key, text.encode(), hashlib.sha256)

    def fingerprint(self) -> str:
        """Return what engine and panel compare to know that they share the secret."""
        return hmac.digest(self._key, FINGERPRINT_MESSAGE, hashlib.sha256)[:FINGERPRINT_BYTES].hex()

"""Keyed hashes of tokens: what the database holds instead of a session token or an API key.

Tokens are 256 random bits, so one HMAC is enough: nothing is there to guess slowly. The key is
AUTH_SECRET, so a stolen database alone verifies nothing, and a new AUTH_SECRET ends every session.
"""

import hashlib
import hmac

FINGERPRINT_MESSAGE = b"polyant-auth-secret"
FINGERPRINT_BYTES = 8


class TokenHasher:
    """Hashes tokens with the secret of the installation."""

    def __init__(self, auth_secret: str) -> None:
        self._key = auth_secret.encode()

    def digest(self, token: str) -> bytes:
        """Return what is stored and looked up for a token."""
        return hmac.digest(self._key, token.encode(), hashlib.sha256)

    def fingerprint(self) -> str:
        """Return what engine and panel compare to know that they share the secret."""
        return hmac.digest(self._key, FINGERPRINT_MESSAGE, hashlib.sha256)[:FINGERPRINT_BYTES].hex()

"""Key ids and fingerprints: names for secret values that give nothing away.

The engine computes the same key id from the same bytes; both sides are held together by a test
with fixed vectors.
"""

from hashlib import sha256
from hmac import new as hmac
from re import compile as pattern
from typing import Final

_KEY: Final = pattern(r"[0-9a-fA-F]{64}")
_ID_BYTES: Final = 8


def is_key(text: str) -> bool:
    """Tell whether a text is an encryption key: 64 hexadecimal characters."""
    return _KEY.fullmatch(text) is not None


def key_id(hex_key: str) -> str:
    """Name an encryption key by 16 hexadecimal characters."""
    return fingerprint(bytes.fromhex(hex_key), "polyant-key-id")


def auth_fingerprint(auth_secret: str) -> str:
    """Name the key of sessions, as web and engine compare it at readiness."""
    return fingerprint(auth_secret.encode(), "polyant-auth-secret")


def fingerprint(key: bytes, purpose: str) -> str:
    """Derive 16 hexadecimal characters from a key for one purpose."""
    return hmac(key, purpose.encode(), sha256).digest()[:_ID_BYTES].hex()

"""Keys, boxes, and the encryption itself; pure but for the nonce, which is an argument.

A box is `nonce || AES-256-GCM ciphertext`. Its associated data is a frozen purpose plus the row id,
so a box copied to another row or column does not open. Purposes are not SQL names: those change.
"""

import hashlib
import hmac
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_ID_MESSAGE = b"polyant-key-id"
KEY_ID_BYTES = 8
NONCE_BYTES = 12


class Purpose(StrEnum):
    """What a box is for; the text is part of the data, so it never changes."""

    AGENT_SECRET = "agent-secret"  # noqa: S105  a label, not a secret
    CHANNEL_CONFIG = "channel-config"
    SKILL_VALUE = "skill-value"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """What a row stores of a secret."""

    key_id: str
    box: bytes


@dataclass(frozen=True, kw_only=True)
class Key:
    """One encryption key and the id it is known by."""

    id: str
    raw: bytes = field(repr=False)


class UnknownKeyError(Exception):
    """A box was sealed with a key that this process does not have."""


class BrokenBoxError(Exception):
    """A box is damaged, or was made for another row."""


class Ring:
    """The keys this process knows."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._ciphers = {key.id: AESGCM(key.raw) for key in keys}

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of all keys."""
        return frozenset(self._ciphers)

    def seal(self, key_id: str, binding: bytes, value: bytes, nonce: bytes) -> Sealed:
        """Encrypt a value for one row."""
        return Sealed(
            key_id=key_id, box=nonce + self._cipher(key_id).encrypt(nonce, value, binding)
        )

    def open(self, sealed: Sealed, binding: bytes) -> bytes:
        """Decrypt the value of one row."""
        nonce, text = sealed.box[:NONCE_BYTES], sealed.box[NONCE_BYTES:]
        try:
            return self._cipher(sealed.key_id).decrypt(nonce, text, binding)
        except (InvalidTag, ValueError) as wrong:
            raise BrokenBoxError(f"a box of key {sealed.key_id} does not open") from wrong

    def _cipher(self, key_id: str) -> AESGCM:
        try:
            return self._ciphers[key_id]
        except KeyError as missing:
            raise UnknownKeyError(f"key {key_id} is not in the ring") from missing


def ring(current: str, previous: str | None) -> Ring:
    """Build the ring of hexadecimal keys."""
    return Ring(key(text) for text in (current, previous) if text is not None)


def key(hex_key: str) -> Key:
    """Build a key from its hexadecimal form."""
    raw = bytes.fromhex(hex_key)
    return Key(id=key_id(raw), raw=raw)


def key_id(raw: bytes) -> str:
    """Return the id of a key, which tells nothing about it; the operator computes the same."""
    return hmac.digest(raw, KEY_ID_MESSAGE, hashlib.sha256)[:KEY_ID_BYTES].hex()


def binding(purpose: Purpose, row_id: uuid.UUID) -> bytes:
    """Return the associated data that ties a box to its row."""
    return purpose.encode() + b"\x00" + row_id.bytes

"""Identifiers: UUID version 7 for rows, random tokens for secrets.

Row ids sort by the time they were made, which keeps B-trees compact. Tokens never carry a time:
they are pure randomness, and only their keyed hash is stored.
"""

import os
import secrets
import uuid

from polyant_engine.core import clock

AGENT_KEY_PREFIX = "pk_"
SESSION_PREFIX = "ps_"
TOKEN_BYTES = 32

_NANOSECONDS_PER_MILLISECOND = 1_000_000
_FRACTION_STEPS = 4096  # 12 bits: RFC 9562, 6.2, method 3
_RANDOM_BITS = 62


def new_id() -> uuid.UUID:
    """Return a fresh UUID version 7."""
    return uuid7(clock.unix_nanoseconds(), int.from_bytes(os.urandom(8)))


def uuid7(nanoseconds: int, entropy: int) -> uuid.UUID:
    """Build a UUID version 7 whose order follows time down to a quarter of a microsecond."""
    milliseconds, rest = divmod(nanoseconds, _NANOSECONDS_PER_MILLISECOND)
    fraction = rest * _FRACTION_STEPS // _NANOSECONDS_PER_MILLISECOND
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64
    value |= 0b10 << 62 | entropy & ((1 << _RANDOM_BITS) - 1)
    return uuid.UUID(int=value)


def new_token(prefix: str) -> str:
    """Return a fresh secret of 256 bits: `pk_…` for an agent, `ps_…` for a session."""
    return prefix + secrets.token_urlsafe(TOKEN_BYTES)

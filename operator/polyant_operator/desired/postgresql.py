"""Which PostgreSQL an image holds, as far as its tag says.

A volume written by one major cannot be opened by another, so the major is compared before pods roll.
"""

from re import compile as pattern
from typing import Final

_NAMED: Final = pattern(r"(?:^|[^a-z])pg-?(\d{2})(?!\d)")  # pgvector/pgvector:0.8.1-pg16
_LEADING: Final = pattern(r"v?(\d{2})(?!\d)")  # postgres:16.4-bookworm


def major(image: str) -> str | None:
    """Give the major version, or None when the tag doesn't tell it."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2].lower()
    found = _NAMED.search(tag) or _LEADING.match(tag)
    return found[1] if found else None

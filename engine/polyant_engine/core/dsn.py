"""Database addresses: accept what people have, hand asyncpg what it understands.

`postgres://` and `postgresql://` are the same; `ssl=true` (as Node drivers write it) becomes
`sslmode`; a CA file means that the server's certificate is verified.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

SCHEMES = frozenset({"postgres", "postgresql"})
SSL_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
SSL_WORDS = {"true": "require", "1": "require", "false": "disable", "0": "disable"}
NO_VERIFY = "no-verify"  # a word of node-postgres: encrypt, trust any certificate
MAX_PORT = 65535


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A database address in pieces, as POSTGRES_* gives it."""

    host: str
    port: int
    name: str
    user: str
    password: str


def from_parts(parts: Parts) -> str:
    """Build a DSN; every piece is encoded, so any password will do."""
    user, password = quote(parts.user, safe=""), quote(parts.password, safe="")
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    return f"postgresql://{user}:{password}@{host}:{parts.port}/{quote(parts.name, safe='')}"


def normal(url: str, ca_file: str | None) -> str:
    """Return a DSN for asyncpg, or raise ValueError with a text that shows no secret."""
    parts = urlsplit(url)
    _check(parts)
    query = dict(parse_qsl(parts.query, keep_blank_values=False))
    query = _with_ca(_with_sslmode(query), ca_file)
    return urlunsplit(parts._replace(scheme="postgresql", query=urlencode(query), fragment=""))


def _check(parts: SplitResult) -> None:
    if parts.scheme not in SCHEMES:
        raise ValueError("it does not start with postgresql:// or postgres://")
    if parts.fragment or "@" in (parts.path + parts.query):
        raise ValueError("a special character in user or password is not percent-encoded")
    try:
        port = parts.port
    except ValueError as wrong:
        raise ValueError(
            "the port is not a number (or a special character in the password is not"
            " percent-encoded)"
        ) from wrong
    if port is not None and not 0 < port <= MAX_PORT:
        raise ValueError("the port is out of range")
    if not parts.path.strip("/"):
        raise ValueError("the database name after the host is missing")


def _with_sslmode(query: Mapping[str, str]) -> dict[str, str]:
    found = dict(query)
    word = found.pop("ssl", None)
    if word is not None and "sslmode" not in found:
        found["sslmode"] = SSL_WORDS.get(word.lower(), word)
    if found.get("sslmode") == NO_VERIFY:
        found["sslmode"] = "require"
    if found.get("sslmode", "prefer") not in SSL_MODES:
        raise ValueError(f"sslmode is none of {', '.join(sorted(SSL_MODES))}")
    return found


def _with_ca(query: Mapping[str, str], ca_file: str | None) -> dict[str, str]:
    found = dict(query)
    if ca_file is not None:
        found.setdefault("sslrootcert", ca_file)
        found.setdefault("sslmode", "verify-full")
    return found

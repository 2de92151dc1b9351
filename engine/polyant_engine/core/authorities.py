"""Whom TLS trusts: the authorities of this system, and those of `EXTRA_CA_FILE` besides.

The one place where clients of this process get their TLS context from.
"""

import ssl
from urllib.parse import parse_qs, urlsplit

VERIFYING = frozenset({"verify-ca", "verify-full"})


def context(extra_ca_file: str | None) -> ssl.SSLContext:
    """Make a client's context; raises OSError where the file holds no certificates."""
    made = ssl.create_default_context()
    if extra_ca_file is not None:
        made.load_verify_locations(cafile=extra_ca_file)
    return made


def of_database(dsn: str, extra_ca_file: str | None) -> ssl.SSLContext | None:
    """Make the context for a database whose certificate shall be verified.

    Nothing where the DSN asks for no verification, or names a file of authorities of its own: then
    the driver does the right thing by itself.
    """
    query = parse_qs(urlsplit(dsn).query)
    mode = query.get("sslmode", [""])[-1]
    if mode not in VERIFYING or "sslrootcert" in query:
        return None
    made = context(extra_ca_file)
    made.check_hostname = mode == "verify-full"
    return made

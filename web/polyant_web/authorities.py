"""Whom TLS trusts: the authorities of this system, and those of `EXTRA_CA_FILE` besides.

The one place where clients of this process get their TLS context from.
"""

import ssl


def context(extra_ca_file: str | None) -> ssl.SSLContext:
    """Make a client's context; raises OSError where the file holds no certificates."""
    made = ssl.create_default_context()
    if extra_ca_file is not None:
        made.load_verify_locations(cafile=extra_ca_file)
    return made

"""Find out who is calling, by counting trusted proxies.

Each proxy appends the address it saw to `X-Forwarded-For`, so with n trusted proxies the n-th entry
from the right was written by one of ours, and everything left of it by anybody. Fewer entries than
proxies means that the request came around them: then only the peer counts.

The panel stands between people and the engine too: it names the address it found in
`x-client-address`, which counts only together with the internal secret.
"""

import ipaddress
from collections.abc import Iterable
from typing import Literal

from starlette.types import ASGIApp, Receive, Scope, Send

from polyant_engine.core.internal_secret import InternalSecret

Hops = int | Literal["all"]
FORWARDED_FOR = b"x-forwarded-for"
NAMED_BY_PANEL = b"x-client-address"
INTERNAL_SECRET = b"x-internal-auth"


class ClientAddress:
    """Stores the believed address in the scope for rate limits and the audit."""

    def __init__(self, app: ASGIApp, hops: Hops, internal_secret: InternalSecret) -> None:
        self._app = app
        self._hops = hops
        self._secret = internal_secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request with its address established."""
        scope["polyant.client_address"] = self._named(scope) or self._seen(scope)
        await self._app(scope, receive, send)

    def _named(self, scope: Scope) -> str:
        headers = dict(scope["headers"])
        if not self._secret.fits(headers.get(INTERNAL_SECRET)):
            return ""
        return normal(headers.get(NAMED_BY_PANEL, b"").decode("latin-1"))

    def _seen(self, scope: Scope) -> str:
        peer = (scope.get("client") or ("", 0))[0]
        listed = [value for name, value in scope["headers"] if name == FORWARDED_FOR]
        return client_address(peer, listed, self._hops)


def client_address(peer: str, forwarded: Iterable[bytes], hops: Hops) -> str:
    """Return the address of the caller; `all` trusts the leftmost entry, as the old product did."""
    entries = [entry.strip() for value in forwarded for entry in value.decode("latin-1").split(",")]
    count = len(entries) if hops == "all" else hops
    if count == 0 or len(entries) < count:
        return normal(peer)
    return normal(entries[-count]) or normal(peer)


def normal(text: str) -> str:
    """Return an address in its canonical form, without port and zone; nothing if it is none."""
    bare = text.split("%", maxsplit=1)[0]
    if bare.startswith("["):
        bare = bare[1:].split("]")[0]
    elif bare.count(":") == 1:
        bare = bare.split(":")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)

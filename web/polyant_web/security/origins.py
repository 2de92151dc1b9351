"""Where a request came from: our own scheme and host as the browser sees them, and who called.

Forwarded headers count only when AUTH_TRUST_HOST is true, and then only the entry that the
outermost trusted proxy wrote: with n hops the n-th from the right. Everything further left was
written by the caller and may be a lie. Where AUTH_URL says under which address people come, no
header is believed about scheme and host: of two proxies the inner one often overwrites what the outer
one, which ended TLS, had said.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?")
_HAS_PORT = re.compile(r":\d+$")
_KEY = "polyant.origin"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The origin of one request."""

    scheme: str  # http or https, as the browser sees it
    hosts: frozenset[str]  # names the browser may know us by, as `host`, `host:port` or `host:*`
    client_address: str | None

    @property
    def secure(self) -> bool:
        """Whether the browser speaks TLS."""
        return self.scheme == "https"


@dataclass(frozen=True, kw_only=True)
class Trust:
    """What is believed of forwarded headers; negative hops mean every proxy."""

    forwarded: bool
    hops: int
    own_url: str | None = None  # scheme://host[:port] under which people come, where it is known

    @property
    def active(self) -> bool:
        """Whether any forwarded header counts."""
        return self.forwarded and self.hops != 0


class Origins:
    """Pure ASGI middleware that works out the origin; refuses a malformed Host."""

    def __init__(self, app: ASGIApp, trust: Trust) -> None:
        self._app = app
        self._trust = trust

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request with its origin worked out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not _HOST.fullmatch(headers.get("host", "")):
            refusal = PlainTextResponse("The Host header is missing or malformed.\n", 400)
            await refusal(scope, receive, send)
            return
        peer = scope["client"][0] if scope.get("client") else None
        scope[_KEY] = work_out(headers, scheme=scope["scheme"], peer=peer, trust=self._trust)
        await self._app(scope, receive, send)


def of(request: Request) -> Origin:
    """Return the origin that the middleware worked out."""
    origin: Origin = request.scope[_KEY]
    return origin


def work_out(headers: Headers, *, scheme: str, peer: str | None, trust: Trust) -> Origin:
    """Combine the connection and what is believed of the headers."""
    hosts = {headers["host"].lower()}
    client = (_client(headers, trust.hops) if trust.active else None) or peer
    if trust.own_url is not None:
        own = urlsplit(trust.own_url)
        return Origin(
            scheme=own.scheme,
            hosts=frozenset({*hosts, own.netloc.lower()}),
            client_address=client,
        )
    if not trust.active:
        return Origin(scheme=scheme, hosts=frozenset(hosts), client_address=client)
    forwarded_host = _entry(headers, "x-forwarded-host", trust.hops)
    if forwarded_host and _HOST.fullmatch(forwarded_host):
        hosts.add(forwarded_host.lower())
    # Contour strips the port from Host, so behind a proxy a name without one stands for any port.
    hosts |= {f"{host}:*" for host in hosts if not _HAS_PORT.search(host)}
    forwarded_scheme = _entry(headers, "x-forwarded-proto", trust.hops)
    return Origin(
        scheme=forwarded_scheme if forwarded_scheme in {"http", "https"} else scheme,
        hosts=frozenset(hosts),
        client_address=client,
    )


def _client(headers: Headers, hops: int) -> str | None:
    entries = _entries(headers, "x-forwarded-for")
    if len(entries) < max(hops, 1):
        return None  # fewer entries than proxies: the request went around them
    return _address(entries[0] if hops < 0 else entries[-hops])


def _entry(headers: Headers, name: str, hops: int) -> str | None:
    """Return what the outermost trusted proxy wrote; many proxies write one value, not a list."""
    entries = _entries(headers, name)
    if not entries:
        return None
    return entries[0] if hops < 0 else entries[-min(hops, len(entries))]


def _entries(headers: Headers, name: str) -> list[str]:
    joined = ",".join(headers.getlist(name))
    return [entry.strip() for entry in joined.split(",") if entry.strip()]


def _address(text: str) -> str | None:
    """Read `1.2.3.4`, `1.2.3.4:5`, `::1` or `[::1]:5`."""
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::\d+)?", text)
    with_port = re.fullmatch(r"([\d.]+):\d+", text)
    match = bracketed or with_port
    try:
        return str(ipaddress.ip_address(match.group(1) if match else text))
    except ValueError:
        return None

"""HTTP to the outside: the address that is really connected is checked, at every hop.

A URL proves nothing: its name may resolve to the cluster's own network, a second time differently,
or redirect there. So the check sits in the socket factory, behind the last lookup, and redirects are
followed here, one guarded hop after the other, without the credentials once the host changes.
Hosts that an administrator lists (`MODEL_PRIVATE_HOSTS`: `host` or `host:port`) may be private.

Behind a proxy (`HTTPS_PROXY`) it is the proxy that looks names up and connects. Then the target is
checked before the proxy is asked, as far as names can be looked up here: an address that is not
public is refused, and so are the cluster's own names. A name that only the proxy knows is left to
the proxy's rules. What `NO_PROXY` lists is connected directly, behind the guard in the socket.

`Egress.session(url)` is the pooled client for one hop (the model gateway's hot path, which allows no
redirects); `Egress.fetch` follows redirects with limits, for tools and media.
"""

import asyncio
import contextlib
import socket
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp
from typing_extensions import override

from polyant_engine.core import addresses, authorities, errors
from polyant_engine.core.proxies import DEFAULT_PORTS, Proxies

MAX_REDIRECTS = 3
TOTAL_TIMEOUT_SECONDS = 30.0
CONNECT_TIMEOUT_SECONDS = 10.0
POOL_SIZE = 200
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Names that mean something else, or nothing, to a proxy.
INSIDE = (".svc", ".cluster.local", ".local", ".localhost", ".internal")
LOOKUP_SECONDS = 10.0
LOOKUPS_REMEMBERED = 1000
CREDENTIALS = frozenset({"authorization", "cookie", "x-api-key", "api-key"})


class AddressForbiddenError(OSError):
    """The name leads to an address that may not be reached from here."""

    def __init__(self) -> None:
        # One constant text, so that aiohttp reports it unchanged when every address of a name fails.
        super().__init__("the address is not on the public Internet")


class TargetForbidden(errors.BadRequest):
    """A URL leads where it may not."""

    default_code: ClassVar[str | None] = "target_forbidden"


class AnswerTooLarge(errors.UpstreamFailed):
    """More came than the caller wants."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A whole answer, within the limits."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Egress:
    """The HTTP clients of this process."""

    def __init__(
        self,
        guarded: aiohttp.ClientSession,
        trusted: aiohttp.ClientSession,
        private_hosts: Iterable[str],
        routes: "Routes | None" = None,
    ) -> None:
        self._guarded = guarded
        self._trusted = trusted
        self._routes = routes or Routes(Proxies(), {}, {})
        self._private_hosts = frozenset(host.lower() for host in private_hosts)

    def session(self, url: str) -> aiohttp.ClientSession:
        """Return the client for one request to this URL; send it with `allow_redirects=False`."""
        proxy = self._routes.proxies.of(url)
        if proxy is not None:
            routes = self._routes.trusted if self.is_listed(url) else self._routes.guarded
            return routes[proxy]
        return self._trusted if self.is_listed(url) else self._guarded

    def is_listed(self, url: str) -> bool:
        """Tell whether the host of a URL may be private."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        bracketed = f"[{host}]" if ":" in host else host
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        return bool(self._private_hosts & {host, bracketed, f"{bracketed}:{port}"})

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        limit: int,
        confides_in: Callable[[str], bool] = lambda _: False,
        **body: Any,
    ) -> Fetched:
        """Send a request, follow a few redirects, and return at most `limit` bytes.

        Another host is told the credentials only if the caller confides in its URL.
        """
        target, sent = url, dict(headers)
        for _ in range(MAX_REDIRECTS + 1):
            async with self._hop(method, target, sent, body) as answer:
                if answer.status not in REDIRECTS or "location" not in answer.headers:
                    return await _whole(answer, limit)
                following = urljoin(target, answer.headers["location"])
            method, body = ("GET", {}) if answer.status == 303 else (method, body)  # noqa: PLR2004  See Other
            is_told = _origin(following) == _origin(target) or confides_in(following)
            sent = sent if is_told else _without_credentials(sent)
            target = following
        raise TargetForbidden(f"{url} redirects more than {MAX_REDIRECTS} times.")

    @contextlib.asynccontextmanager
    async def _hop(
        self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        host = _web_host(urlsplit(url))
        try:
            async with self.session(url).request(
                method, url, headers=headers, allow_redirects=False, **body
            ) as answer:
                yield answer
        except aiohttp.ClientProxyConnectionError as failed:
            raise errors.UpstreamFailed(f"The proxy to {host} cannot be reached.") from failed
        except aiohttp.ClientConnectorError as failed:
            if isinstance(failed.os_error, AddressForbiddenError):
                raise TargetForbidden(f"{host} is not on the public Internet.") from failed
            raise errors.UpstreamFailed(f"{host} cannot be reached.") from failed
        except TimeoutError as late:
            raise errors.UpstreamTimeout(f"{host} did not answer in time.") from late
        except aiohttp.ClientError as failed:
            raise errors.UpstreamFailed(f"{host} did not answer properly.") from failed


class GuardedRoute(aiohttp.TCPConnector):
    """A connector to a proxy that refuses targets inside before the proxy hears of them."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._known: OrderedDict[str, tuple[float, bool]] = OrderedDict()

    @override
    async def connect(
        self, req: aiohttp.ClientRequest, traces: Any, timeout: aiohttp.ClientTimeout
    ) -> Any:
        if not await self._is_outside(req.url.host or ""):
            raise aiohttp.ClientConnectorError(req.connection_key, AddressForbiddenError())
        return await super().connect(req, traces, timeout)

    async def _is_outside(self, host: str) -> bool:
        now = asyncio.get_running_loop().time()
        until, known = self._known.get(host, (0.0, False))
        if until > now:
            return known
        found = not is_inside(host) and await _leads_outside(host)
        self._known[host] = (now + LOOKUP_SECONDS, found)
        while len(self._known) > LOOKUPS_REMEMBERED:
            self._known.popitem(last=False)
        return found


def is_inside(host: str) -> bool:
    """Tell whether a name is one of the cluster or of this machine, whoever looks it up."""
    name = host.lower().rstrip(".")
    return ("." not in name and ":" not in name) or name.endswith(INSIDE)


async def _leads_outside(host: str) -> bool:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return True  # nobody here knows the name: the proxy decides
    return all(addresses.is_public(str(info[4][0])) for info in found)


@dataclass(frozen=True)
class Routes:
    """The clients behind proxies, by proxy."""

    proxies: Proxies
    guarded: Mapping[str, aiohttp.ClientSession]
    trusted: Mapping[str, aiohttp.ClientSession]


@contextlib.asynccontextmanager
async def opened(
    private_hosts: Iterable[str],
    *,
    proxies: Proxies | None = None,
    tls: ssl.SSLContext | None = None,
    connections: int = POOL_SIZE,
) -> AsyncIterator[Egress]:
    """Keep the clients open; none reads proxy variables, cookies or netrc by itself.

    `connections=0` sets no limit: for long polls, each of which keeps one.
    """
    known, trust = proxies or Proxies(), tls or authorities.context(None)
    async with contextlib.AsyncExitStack() as stack:

        async def client(
            connector: aiohttp.TCPConnector, proxy: str | None = None
        ) -> aiohttp.ClientSession:
            return await stack.enter_async_context(_session(connector, proxy))

        plain = partial(aiohttp.TCPConnector, limit=connections, ssl=trust)
        guarded = partial(GuardedRoute, limit=connections, ssl=trust)
        routes = Routes(
            known,
            {proxy: await client(guarded(), proxy) for proxy in known.all},
            {proxy: await client(plain(), proxy) for proxy in known.all},
        )
        direct = await client(plain(socket_factory=public_socket))
        yield Egress(direct, await client(plain()), private_hosts, routes)


def _session(connector: aiohttp.TCPConnector, proxy: str | None) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=TOTAL_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout, proxy=proxy
    )


def public_socket(info: tuple[Any, ...]) -> socket.socket:
    """Make the socket for an address that is about to be connected, if it is public."""
    family, kind, protocol, _, address = info
    if not addresses.is_public(address[0]):
        raise AddressForbiddenError
    made = socket.socket(family=family, type=kind, proto=protocol)
    made.setblocking(False)  # noqa: FBT003  the signature is the socket module's
    return made


async def _whole(answer: aiohttp.ClientResponse, limit: int) -> Fetched:
    body = await answer.content.read(limit + 1) if limit else b""
    while len(body) <= limit and (more := await answer.content.read(limit + 1 - len(body))):
        body += more
    if len(body) > limit:
        raise AnswerTooLarge(f"The answer of {answer.url.host} is larger than {limit} bytes.")
    return Fetched(
        status=answer.status, headers=dict(answer.headers), body=body, url=str(answer.url)
    )


def _without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in CREDENTIALS}


def _web_host(parts: SplitResult) -> str:
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise TargetForbidden("Only http and https addresses with a host may be fetched.")
    return parts.hostname


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()

"""The transport over HTTP: connections are kept for reading only.

An engine that is replaced closes the connections that nobody uses. Who sends on one in that moment
never knows whether the request was read: a GET is simply sent again, anything else goes on a
connection of its own, so that nothing is lost and nothing is done twice.

No cookies are kept (a shared jar would mix people), redirects are not followed (the engine never
sends one, and a Bearer token must not travel), and proxies of the environment are not used.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson

from polyant_web.engine.errors import EngineAway
from polyant_web.engine.transport import Call, Reply, Stream
from polyant_web.observability import logs
from polyant_web.observability.metrics import Metrics

_WHOLE = aiohttp.ClientTimeout(total=12, connect=3)
# The engine sends headers with the first event or after 10 s, and then keeps the line busy; a
# model may think for long in between, so only real silence ends a stream.
_STREAM = aiohttp.ClientTimeout(total=None, connect=3, sock_read=180)
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError)
_LARGEST_REPLY = 8 * 1024 * 1024


class HttpTransport:
    """Speaks to one engine address. Make it inside the running loop; close it at the end."""

    def __init__(
        self,
        base_url: str,
        internal_secret: str,
        metrics: Metrics,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._base_url = base_url
        self._internal_secret = internal_secret
        self._metrics = metrics
        checked = tls or True
        kept = aiohttp.TCPConnector(limit=0, keepalive_timeout=30, ssl=checked)
        self._reading = _session(kept)
        self._changing = _session(aiohttp.TCPConnector(limit=0, force_close=True, ssl=checked))

    async def close(self) -> None:
        """Close every connection."""
        await self._reading.close()
        await self._changing.close()

    async def send(self, call: Call) -> Reply:
        """Send a call and read the whole answer."""
        async with self._request(call, _WHOLE) as response:
            return Reply(
                status=response.status,
                headers=_headers(response),
                body=await _read(response),
            )

    @asynccontextmanager
    async def open(self, call: Call) -> AsyncIterator[Stream]:
        """Send a call and read the answer piece by piece."""
        async with self._request(call, _STREAM) as response:
            yield Stream(
                status=response.status,
                headers=_headers(response),
                chunks=_pieces(response),
            )

    @asynccontextmanager
    async def _request(
        self, call: Call, limits: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        status = "away"
        try:
            session = self._reading if call.method == "GET" else self._changing
            async with session.request(
                call.method,
                self._base_url + call.path,
                data=None if call.payload is None else orjson.dumps(call.payload),
                headers=self._call_headers(call),
                allow_redirects=False,
                timeout=limits,
            ) as response:
                status = str(response.status)
                yield response
        except _FAILURES as error:
            raise EngineAway(f"{call.method} {call.path}: {_describe(error)}") from error
        finally:
            self._metrics.engine_calls.labels(call.method, status).inc()

    def _call_headers(self, call: Call) -> dict[str, str]:
        headers = {"x-internal-auth": self._internal_secret, "accept": "application/json"}
        if call.payload is not None:
            headers["content-type"] = "application/json"
        if call.token is not None:
            headers["authorization"] = f"Bearer {call.token}"
        if call.client_address is not None:
            headers["x-client-address"] = call.client_address
        if current := logs.request_id.get():
            headers["x-request-id"] = current
        return headers


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        timeout=_WHOLE,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"user-agent": "polyant-web"},
        connector=connector,
    )


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


async def _pieces(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for piece in response.content.iter_any():
            yield piece
    except _FAILURES as error:
        raise EngineAway(f"the answer broke off: {_describe(error)}") from error


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = await response.content.read(_LARGEST_REPLY)
    while chunk := await response.content.read(_LARGEST_REPLY):
        body += chunk
        if len(body) > _LARGEST_REPLY:
            raise EngineAway(f"the answer is larger than {_LARGEST_REPLY} bytes")
    return body


def _describe(error: BaseException) -> str:
    return str(error) or type(error).__name__

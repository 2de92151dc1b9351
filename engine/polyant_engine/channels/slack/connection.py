"""One WebSocket of Socket Mode, on the engine's guarded client.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
import orjson

from polyant_engine.channels.slack.api import NotUnderstood, NotWritten, WebApi
from polyant_engine.channels.slack.files import is_vendor
from polyant_engine.channels.slack.wire import parsed
from polyant_engine.core.egress import Egress

OPEN = "apps.connections.open"
# A silent connection is dead after one and a half of these.
HEARTBEAT_SECONDS = 10.0
# Our adapter has 1.8 s to stop; the vendor does not have to say goodbye.
CLOSE_SECONDS = 0.5
ACKNOWLEDGE_SECONDS = 2.0
LARGEST_MESSAGE = 4 * 1024 * 1024


class Connection(Protocol):
    """An open socket."""

    async def receive(self) -> Mapping[str, Any] | None:
        """Return the next message; nothing when the socket is closed."""
        ...

    async def acknowledge(self, envelope: str) -> None:
        """Let the vendor know that an envelope was kept; never raises for a lost connection."""
        ...


class Socket:
    """A `Connection`."""

    def __init__(self, web: aiohttp.ClientWebSocketResponse) -> None:
        self._web = web

    async def receive(self) -> Mapping[str, Any] | None:
        """Return the next message that is a JSON object."""
        async for message in self._web:
            found = parsed(message.data) if message.type is aiohttp.WSMsgType.TEXT else None
            if isinstance(found, dict):
                return found
        return None

    async def acknowledge(self, envelope: str) -> None:
        """Send the acknowledgement; if it is lost, the event comes again."""
        said = orjson.dumps({"envelope_id": envelope}).decode()
        with contextlib.suppress(ConnectionError, RuntimeError, TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                await self._web.send_str(said)


@contextlib.asynccontextmanager
async def opened(egress: Egress, api: WebApi, app_token: str) -> AsyncIterator[Connection]:
    """Ask for a URL of one use, and keep a socket to it open; raise `WebApiError`.

    The URL is a secret while it is fresh, so no text of the HTTP client's errors is repeated.
    """
    url = str((await api.call(OPEN, {}, app_token, is_read=True)).get("url") or "")
    address = _web_address(url)
    if not is_vendor(address, api.base_url):
        raise NotUnderstood("Slack gave a socket whose address is not Slack's.")
    async with contextlib.AsyncExitStack() as stack:
        web = await stack.enter_async_context(_connected(egress, address, url))
        yield Socket(web)


@contextlib.asynccontextmanager
async def _connected(
    egress: Egress, address: str, url: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    host = urlsplit(address).hostname
    try:
        web = await egress.session(address).ws_connect(
            url,
            heartbeat=HEARTBEAT_SECONDS,
            max_msg_size=LARGEST_MESSAGE,
            timeout=aiohttp.ClientWSTimeout(ws_receive=None, ws_close=CLOSE_SECONDS),
        )
    except aiohttp.WSServerHandshakeError as refused:
        raise NotUnderstood(f"{host} answered {refused.status} instead of a socket.") from None
    except (aiohttp.ClientError, OSError, RuntimeError):
        raise NotWritten(f"No socket to {host} can be opened.") from None
    try:
        yield web
    finally:
        await web.close()


def _web_address(url: str) -> str:
    """Return what a socket's URL is to proxies and rules, which know http only."""
    scheme, separator, rest = url.partition("://")
    return {"wss": "https", "ws": "http"}.get(scheme, "") + separator + rest

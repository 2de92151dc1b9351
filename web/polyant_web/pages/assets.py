"""Static files: style, scripts, the mark. Public, and kept by browsers for ever.

Addresses carry the hash of the content (`Renderer.static_url`), so a new release has new ones.
"""

from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from polyant_web.pages.rendering import STATIC

_FOR_EVER = "public, max-age=31536000, immutable"
_CHECKED = "no-cache"  # kept, but asked about each time: what modules import by name


class Assets:
    """An ASGI application that serves them."""

    def __init__(self) -> None:
        self._files = StaticFiles(directory=STATIC)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one file."""
        scope["route_template"] = "/static/{path:path}"
        keep = _FOR_EVER if b"v=" in scope["query_string"] else _CHECKED

        async def send_kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in {200, 304}:
                MutableHeaders(scope=message)["cache-control"] = keep
            await send(message)

        await self._files(scope, receive, send_kept)

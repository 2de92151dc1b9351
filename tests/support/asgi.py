"""Ask an ASGI application directly: no server, no sockets, raw paths as they are written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Message, Scope


@dataclass
class Answer:
    """What an application answered."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return orjson.loads(self.body)


def scope(
    method: str, target: str, headers: Mapping[str, str] | None = None, peer: str = "192.0.2.1"
) -> Scope:
    """Build the scope as uvicorn does: `path` decoded once, `raw_path` as it came."""
    path, _, query = target.partition("?")
    encoded = [
        (name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": encoded,
        "client": (peer, 1),
        "server": ("testserver", 80),
    }


async def request(
    app: ASGIApp,
    method: str,
    target: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | Iterable[bytes] = b"",
) -> Answer:
    """Send one request and collect the answer."""
    return await respond(app, scope(method, target, headers), body)


async def respond(app: ASGIApp, asked: Scope, body: bytes | Iterable[bytes] = b"") -> Answer:
    """Send a request with a scope of one's own."""
    parts = [body] if isinstance(body, bytes) else list(body)
    answer = Answer()

    async def receive() -> Message:
        if not parts:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {
                name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]
            }
        else:
            answer.body += message.get("body", b"")

    await app(asked, receive, send)
    return answer

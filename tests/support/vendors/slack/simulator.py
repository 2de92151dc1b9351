"""Slack on this machine: Web API, Socket Mode, Events API. `async with Slack() as slack: ...`.

    app, ada = slack.add_app(), slack.add_person("ada")
    slack.write_to(app, ada, "hello")        # an event over a socket, or by HTTP
    slack.sent(app)                          # the messages the app posted, oldest first

With slack-sdk: `AsyncWebClient(token=app.bot_token, base_url=slack.url + "/api/")`.
"""

import json
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import WSMsgType, web
from typing_extensions import override

from support.vendors.slack.app import App
from support.vendors.slack.methods import METHODS, READS, unknown
from support.vendors.slack.people import People
from support.vendors.slack.refusals import Refused
from support.vendors.slack.socket import (
    LIFETIME_SECONDS,
    MOST_SOCKETS,
    TICKET_SECONDS,
    WARNING_SECONDS,
    Socket,
)

_LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in</body></html>"
_HOST = "applink-simulated"


class Slack(People):
    """The vendor."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._tickets: dict[str, tuple[App, float]] = {}
        self._numbers = 0

    @override
    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.route("*", "/api/{method}", self._call),
            web.get("/_socket/{ticket}", self._socket),
            web.get("/files-pri/{file}/{name:.+}", self._download),
            web.post("/upload/v1/{file}", self._upload),
        ]

    @override
    def operation(self, request: web.Request) -> tuple[str, str]:
        app = next((a for a in self.apps.values() if _bearer(request) in _tokens(a)), None)
        return request.match_info.get("method", "file"), app.id if app else ""

    @override
    def actions(self) -> dict[str, Callable[..., Any]]:
        people = (self.add_person, self.add_channel, self.say, self.write_to, self.share, self.edit)
        others = (self.delete, self.press, self.command, self.kill_token, self.use_events_url)
        more = (self.refresh, self.again, self.sent)
        named = {each.__name__: each for each in (*people, *others, *more)}
        return {
            **super().actions(),
            **named,
            "add_app": self.add_app,
            "add_channel": lambda members, **more: self.add_channel(*members, **more),
            "disorder": self.disorder.arm,
        }

    def sent(self, app: App | str) -> list[dict[str, Any]]:
        """Every message an app posted, whether or not it knows."""
        found = self.journal.find("message_sent", account=self.app(app).id)
        return [entry.data["message"] for entry in found]

    def new_ticket(self, app: App) -> str:
        """A WebSocket URL for one use within thirty seconds."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = (app, self.clock.now() + TICKET_SECONDS)
        return f"{self.url.replace('http', 'ws', 1)}/_socket/{ticket}?app_id={app.id}"

    async def refresh(
        self, app: App | str, reason: str = "refresh_requested", count: int | None = None
    ) -> None:
        """Tell the oldest sockets of an app to go, or all: `warning` closes none, others do."""
        for socket in self.app(app).sockets[:count]:
            await self._dismiss(self.app(app), socket, reason)

    async def _dismiss(self, app: App, socket: Socket, reason: str) -> None:
        socket.is_leaving = reason != "warning"
        message = {"type": "disconnect", "reason": reason, "debug_info": {"host": _HOST}}
        self.journal.add("out", "socket", app.id, socket=socket.number, message=message)
        await socket.send(message)
        if socket.is_leaving:
            self.background(socket.web.close())

    async def _call(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        try:
            arguments = await _arguments(request)
            token = _bearer(request) or str(arguments.get("token") or "")
            app = self._authorized(name, token)
            result = await METHODS.get(name, unknown)(self, app, arguments)
        except Refused as refused:
            if refused.retry_after:
                headers = {"Retry-After": str(refused.retry_after)}
                return web.json_response(refused.wire(), status=429, headers=headers)
            return web.json_response(refused.wire())
        return web.json_response({"ok": True, **result})

    def _authorized(self, method: str, token: str) -> App:
        if not token:
            raise Refused("not_authed")
        app = next((a for a in self.apps.values() if token in _tokens(a)), None)
        if app is None:
            raise Refused("invalid_auth")
        if refusal := app.refusal(token):
            raise Refused(refusal)
        if (method == "apps.connections.open") != (token == app.app_token):
            raise Refused("not_allowed_token_type")
        return app

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        app, expires = self._tickets.pop(request.match_info["ticket"], (None, 0))
        if app is None or expires < self.clock.now():
            return web.Response(status=404)
        response = web.WebSocketResponse()
        await response.prepare(request)
        self._numbers += 1
        socket = Socket(self._numbers, response)
        if len(app.sockets) >= MOST_SOCKETS:
            await self._dismiss(app, socket, "too_many_websockets")
            return response
        app.sockets.append(socket)
        self.journal.add("in", "socket_open", app.id, socket=socket.number)
        await self._hello(app, socket)
        timer = self.spawn(self._age(app, socket))
        try:
            await self._listen(app, socket)
        finally:
            timer.cancel()
            app.sockets.remove(socket)
            self.journal.add("in", "socket_closed", app.id, socket=socket.number)
        return response

    async def _hello(self, app: App, socket: Socket) -> None:
        hello = {
            "type": "hello",
            "num_connections": len(app.sockets),
            "debug_info": {
                "host": _HOST,
                "build_number": 1,
                "approximate_connection_time": LIFETIME_SECONDS,
            },
            "connection_info": {"app_id": app.id},
        }
        self.journal.add("out", "socket", app.id, socket=socket.number, message=hello)
        await socket.send(hello)

    async def _age(self, app: App, socket: Socket) -> None:
        await self.clock.sleep(LIFETIME_SECONDS - WARNING_SECONDS)
        await self._dismiss(app, socket, "warning")
        await self.clock.sleep(WARNING_SECONDS)
        await self._dismiss(app, socket, "refresh_requested")

    async def _listen(self, app: App, socket: Socket) -> None:
        async for message in socket.web:
            if message.type is not WSMsgType.TEXT:
                continue
            sent = json.loads(message.data)
            known = socket.acknowledge(str(sent.get("envelope_id", "")))
            self.journal.add(
                "in", "acknowledgement", app.id, socket=socket.number, message=sent, known=known
            )

    async def _download(self, request: web.Request) -> web.Response:
        number = request.match_info["file"].partition("-")[2]
        token = _bearer(request)
        app = next((a for a in self.apps.values() if token == a.bot_token), None)
        if app is None or app.refusal(token) or number not in self.files:
            # The vendor shows its sign-in page, with 200.
            return web.Response(text=_LOGIN_PAGE, content_type="text/html")
        return web.Response(body=self.contents[number], content_type=self.files[number]["mimetype"])

    async def _upload(self, request: web.Request) -> web.Response:
        number = request.match_info["file"]
        if number not in self.files:
            return web.Response(status=404)
        if request.content_type.startswith("multipart/"):
            part = next(iter((await request.post()).values()))
            content = part.file.read() if isinstance(part, web.FileField) else str(part).encode()
        else:
            content = await request.read()
        self.contents[number] = content
        self.files[number]["size"] = len(content)
        return web.Response(text=f"OK - {len(content)}")


def _tokens(app: App) -> tuple[str, str]:
    return app.bot_token, app.app_token


def _bearer(request: web.Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else ""


async def _arguments(request: web.Request) -> dict[str, Any]:
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json" and await request.read():
        if request.match_info["method"] in READS:
            return arguments  # methods that only read do not look at JSON
        return {**arguments, **await request.json()}
    if request.method == "POST":
        arguments |= dict(await request.post())
    return arguments

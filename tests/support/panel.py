"""The panel for tests: in memory over the scripted engine, with a client that keeps cookies."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx2
import orjson
from starlette.types import ASGIApp

from polyant_web import asgi, settings
from polyant_web.engine.errors import EngineAway
from polyant_web.engine.transport import Call, Reply, Stream
from polyant_web.observability.metrics import Metrics
from polyant_web.pages.rendering import Renderer
from support.fake_engine import ADMIN, AUTH_SECRET, INTERNAL_SECRET, PASSWORD, FakeEngine

ENVIRON: Mapping[str, str] = {"AUTH_SECRET": AUTH_SECRET, "AUTH_INTERNAL_SECRET": INTERNAL_SECRET}
HOME = "http://panel.test"


@cache
def renderer() -> Renderer:
    """Compile the templates once for all tests."""
    return Renderer()


class InMemoryTransport:
    """Carries calls to an application in this process; `away` cuts the line."""

    def __init__(self, app: ASGIApp, internal_secret: str = INTERNAL_SECRET) -> None:
        transport = httpx2.ASGITransport(app=app)
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://engine.test")
        self._secret = internal_secret
        self.away = False

    async def send(self, call: Call) -> Reply:
        if self.away:
            raise EngineAway("cut off by the test")
        headers = {"x-internal-auth": self._secret}
        if call.token:
            headers["authorization"] = f"Bearer {call.token}"
        if call.client_address:
            headers["x-client-address"] = call.client_address
        content = None if call.payload is None else orjson.dumps(call.payload)
        got = await self._client.request(call.method, call.path, content=content, headers=headers)
        return Reply(status=got.status_code, headers=dict(got.headers), body=got.content)

    @asynccontextmanager
    async def open(self, call: Call) -> AsyncIterator[Stream]:
        reply = await self.send(call)

        async def chunks() -> AsyncIterator[bytes]:
            yield reply.body

        yield Stream(status=reply.status, headers=reply.headers, chunks=chunks())


class Visitor:
    """A browser without a window: keeps cookies, fills in the form token of the last page."""

    def __init__(self, engine: FakeEngine, **environ: str) -> None:
        self.engine = engine
        self.line = InMemoryTransport(engine.app)
        loaded = settings.load({**ENVIRON, **environ})
        self.metrics = Metrics()
        self.app = asgi.build(loaded, self.line, self.metrics, renderer())
        transport = httpx2.ASGITransport(app=self.app)
        self.http = httpx2.AsyncClient(transport=transport, base_url=HOME)
        self.csrf = ""

    async def open(self, path: str, **headers: str) -> httpx2.Response:
        """Open a page and remember its form token."""
        return self._seen(await self.http.get(path, headers=headers))

    async def send(
        self, path: str, form: Mapping[str, Any] | None = None, **headers: str
    ) -> httpx2.Response:
        """Send a form with the remembered token."""
        data = {"csrf": self.csrf, **(form or {})}
        return self._seen(await self.http.post(path, data=data, headers=headers))

    async def sign_in(self, email: str = ADMIN, password: str = PASSWORD) -> httpx2.Response:
        """Sign in by the form and load the next page for its token."""
        await self.open("/signin")
        answer = await self.send("/signin", {"email": email, "password": password})
        if answer.status_code == 303:
            await self.open("/password")
        return answer

    def _seen(self, response: httpx2.Response) -> httpx2.Response:
        if found := re.search(r'name="csrf" value="([^"]+)"', response.text):
            self.csrf = found.group(1)
        return response

"""A customer's webhook endpoint for the simulators' own tests: keeps what came, answers as told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True)
class Received:
    """One request."""

    url: str
    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    """Answers with the next of `answers`, then with 200."""

    url: str = ""
    answers: list[web.Response] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        url = self.url + request.raw_path
        self.received.append(Received(url, dict(request.headers), await request.text()))
        self._grown.set()
        return self.answers.pop(0) if self.answers else web.Response(text="<Response/>")

    async def wait(self, count: int) -> list[Received]:
        """Wait until that many came."""
        async with asyncio.timeout(10):
            while len(self.received) < count:
                self._grown.clear()
                await self._grown.wait()
        return self.received


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Run an endpoint."""
    receiver, app = Receiver(), web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()

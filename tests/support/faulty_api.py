"""A real API server behind a proxy that goes wrong on purpose: `with faulty_api.running(server) as api: …`.

The operator's process talks plain HTTP to it and knows nothing of it. Faults are injected one by one:
`api.inject(faults.answer(500), method="POST", path="/secrets", times=2)`. Every request is counted,
so that a test can see a hot loop. The proxy runs in a thread with an event loop of its own.
"""

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import aiohttp
import yaml
from aiohttp import web

from support import apiserver

_HOP = frozenset({"connection", "transfer-encoding", "content-length", "content-encoding", "host"})

# How long a watch says nothing before its rewriter may say what it holds back.
SILENCE_SECONDS: Final = 0.3

# Rewrites the lines of a watch: one in, any number out; an empty one in is a moment of silence.
# What comes out for one line is sent in one piece: a cut loses all of it or nothing.
Lines: TypeAlias = Callable[[bytes], list[bytes]]
# Makes a rewriter: each watch has one of its own, for what one holds back is not another's to say.
Rewrite: TypeAlias = Callable[[], Lines]


class Cut(Exception):
    """The connection is to be cut without another word."""


@dataclass
class Exchange:
    """One request on its way, and what may be done with it."""

    request: web.Request
    forward: Callable[[], Awaitable[aiohttp.ClientResponse]]

    @property
    def is_watch(self) -> bool:
        return self.request.query.get("watch") in ("true", "1")


# Answers a request in its own way; None = go on, the answer is fine.
Fault: TypeAlias = Callable[[Exchange], Awaitable[web.StreamResponse | None]]


@dataclass
class Rule:
    """A fault, whom it meets, and how often it did."""

    method: str
    path: str
    watch: bool
    left: int
    fault: Fault | None = None
    rewrite: Rewrite | None = None
    hits: int = 0

    def fits(self, exchange: Exchange) -> bool:
        request = exchange.request
        return (
            self.left > 0
            and self.watch == exchange.is_watch
            and self.method in ("", request.method)
            and self.path in request.path
        )

    def take(self) -> "Rule":
        self.left -= 1
        self.hits += 1
        return self

    def rewriter(self) -> Lines:
        """What one watch says; without a rewrite, the truth."""
        return self.rewrite() if self.rewrite else truth


@dataclass
class FaultyApi:
    """The proxy, its faults and what it has seen."""

    server: apiserver.ApiServer
    port: int = 0
    # Requests by method and path.
    seen: "Counter[tuple[str, str]]" = field(default_factory=Counter)
    _rules: list[Rule] = field(default_factory=list)
    _runner: web.AppRunner | None = None
    _session: aiohttp.ClientSession | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def inject(
        self,
        fault: Fault,
        *,
        method: str = "",
        path: str = "",
        watch: bool = False,
        times: int = 1,
    ) -> Rule:
        """Let the next requests that fit meet a fault."""
        return self._add(Rule(method, path, watch, times, fault=fault))

    def rewrite(self, rewrite: Rewrite, *, path: str = "", times: int = 1000) -> Rule:
        """Let the next watches that fit say something else than the truth; open ones are cut first."""
        rule = self._add(Rule("", path, watch=True, left=times, rewrite=rewrite))
        self.drop_watches()
        return rule

    def heal(self) -> None:
        """Forget every fault, those of open watches too."""
        self._rules.clear()
        self.drop_watches()

    def drop_watches(self) -> None:
        """Cut every open connection, watches among them."""
        self._do(self._cut_all())

    def go_away(self) -> None:
        """Listen no more, cut everything."""
        self._do(self._close())

    def come_back(self) -> None:
        """Listen again, on the same port."""
        self._do(self._open())

    def count(self, method: str = "", path: str = "") -> int:
        """How many requests there were."""
        return sum(
            number
            for (verb, where), number in self.seen.items()
            if method in ("", verb) and path in where
        )

    def kubeconfig(self, folder: Path, token: str | None = None) -> Path:
        """A kubeconfig that leads through the proxy."""
        config = yaml.safe_load(self.server.kubeconfig.read_text())
        config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self.port}"}
        config["users"][0]["user"] = {"token": token or self.server.token}
        path = folder / "faulty-kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    def _add(self, rule: Rule) -> Rule:
        self._rules.append(rule)
        return rule

    def _do(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=20)

    async def _open(self) -> None:
        context = ssl.create_default_context(cafile=str(self.server.ca_file))
        connector = aiohttp.TCPConnector(ssl=context, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=True)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        await self._cut_all()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _cut_all(self) -> None:
        server = self._runner.server if self._runner is not None else None
        for connection in list(server.connections) if server is not None else []:
            if connection.transport is not None:
                connection.transport.abort()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.seen[request.method, request.path] += 1
        body = await request.read()
        exchange = Exchange(request, lambda: self._forward(request, body))
        rule = next((each.take() for each in self._rules if each.fits(exchange)), None)
        try:
            answer = await rule.fault(exchange) if rule and rule.fault else None
            if answer is not None:
                return answer
            if exchange.is_watch:
                return await self._watch(exchange, rule.rewriter() if rule else truth)
            return await passed(await exchange.forward())
        except (Cut, aiohttp.ClientError, ConnectionError):
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=502)

    async def _forward(self, request: web.Request, body: bytes) -> aiohttp.ClientResponse:
        if self._session is None:
            raise Cut
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        return await self._session.request(
            request.method,
            self.server.url + request.raw_path,
            data=body or None,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None),
        )

    async def _watch(self, exchange: Exchange, lines: Lines) -> web.StreamResponse:
        async with await exchange.forward() as upstream:
            headers = _headers(upstream)
            response = web.StreamResponse(status=upstream.status, headers=headers)
            await response.prepare(exchange.request)
            async for line in _lines(upstream):
                if exchange.request.transport is None:
                    break  # it was cut, and nobody else is told so before there is something to say
                if said := b"".join(lines(line)):
                    await response.write(said)
        return response


def truth(line: bytes) -> list[bytes]:
    """A watch as it is."""
    return [line]


async def _lines(upstream: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The lines of a watch, and an empty one whenever it has been silent for a moment."""
    while True:
        reading = asyncio.ensure_future(upstream.content.readline())
        try:
            while not (await asyncio.wait([reading], timeout=SILENCE_SECONDS))[0]:
                yield b""
        finally:
            reading.cancel()
        if not (line := reading.result()):
            return
        yield line


async def _end_the_rest() -> None:
    """What still forwards a cut watch would be destroyed with its loop, which is loud."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


async def passed(upstream: aiohttp.ClientResponse) -> web.Response:
    """The answer as the API server gave it."""
    async with upstream:
        return web.Response(
            status=upstream.status, body=await upstream.read(), headers=_headers(upstream)
        )


def _headers(upstream: aiohttp.ClientResponse) -> dict[str, str]:
    return {k: v for k, v in upstream.headers.items() if k.lower() not in _HOP}


@contextmanager
def running(server: apiserver.ApiServer) -> Iterator[FaultyApi]:
    """Run the proxy until the block ends."""
    api = FaultyApi(server)
    thread = threading.Thread(target=api._loop.run_forever, name="faulty-api", daemon=True)
    thread.start()
    try:
        api.come_back()
        yield api
    finally:
        api.go_away()
        api._do(_end_the_rest())
        api._loop.call_soon_threadsafe(api._loop.stop)
        thread.join(5)
        api._loop.close()

"""What all simulators share: a real server on 127.0.0.1, its faults, its journal, its remote control.

Subclasses give routes, name the operation of a request, and list the actions that a program
without Python may call: `POST /_control/ACTION` with a JSON object of arguments.
"""

import abc
import asyncio
import dataclasses
import json
import random
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeAlias

import aiohttp
from aiohttp import web
from yarl import URL

from support.vendors.clock import VendorClock
from support.vendors.faults import Fault, Faults
from support.vendors.journal import Journal

Json: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LARGEST_BODY = 1 << 26


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the customer's server said to a webhook; status 0 = nothing usable."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    error: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Simulator(abc.ABC):
    """A vendor on this machine; `async with` starts and stops it."""

    def __init__(
        self,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        seed: int = 0,
        journal: Path | None = None,
    ) -> None:
        self.clock = VendorClock()
        self.journal = Journal(journal)
        self.faults = Faults()
        self.random = random.Random(seed)  # noqa: S311 -- a repeatable choice, no secret
        # Whom webhooks trust; None = the usual authorities.
        self.trusts: ssl.SSLContext | None = None
        self._port, self._tls = port, tls
        self._tasks: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @abc.abstractmethod
    def routes(self) -> Iterable[web.RouteDef]:
        """Return what the vendor answers."""

    @abc.abstractmethod
    def operation(self, request: web.Request) -> tuple[str, str]:
        """Name the operation and the account of a request."""

    def actions(self) -> dict[str, Callable[..., Any]]:
        """What the remote control may do."""
        return {
            "advance": self.clock.advance,
            "scale": self.clock.scale,
            "inject": self.faults.inject_described,
            "heal": self.faults.heal,
            "cut_all": self.cut_all,
        }

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._middleware], client_max_size=_LARGEST_BODY)
        app.router.add_post("/_control/{action}", self._control)
        app.router.add_get("/_control/journal", self._read_journal)
        app.add_routes(self.routes())
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (*self._tasks,):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        self.journal.close()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Do something beside; it ends with the simulator."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something beside that nobody waits for."""
        self._tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self._tasks.discard)

    def cut_all(self) -> None:
        """Cut every open connection, as a vendor's restart does."""
        server = self._runner.server if self._runner is not None else None
        for connection in list(server.connections) if server is not None else []:
            if connection.transport is not None:
                connection.transport.abort()

    async def call_out(
        self,
        operation: str,
        account: str,
        request: Json,
        *,
        seconds: float = 15,
    ) -> Answer:
        """Send a webhook; `request` holds aiohttp's url, data, headers and the like."""
        exchange = self.journal.new_exchange()
        self.journal.add("out", operation, account, exchange, **_readable(request))
        answer = await self._send(request, seconds)
        shown = {"status": answer.status, "body": answer.body, "error": answer.error}
        self.journal.add("in", operation, account, exchange, **shown)
        return answer

    async def _send(self, request: Json, seconds: float) -> Answer:
        if self._session is None:
            raise RuntimeError("the simulator is not running")
        trust: Any = True if self.trusts is None else self.trusts
        wait = aiohttp.ClientTimeout(total=seconds)
        sent = {
            "method": "POST",
            "allow_redirects": False,
            "ssl": trust,
            "timeout": wait,
            **request,
        }
        try:
            # As it was given, byte for byte: it may be signed.
            sent["url"] = URL(request["url"], encoded=True)
            async with self._session.request(**sent) as response:
                body = await response.text(errors="replace")
                return Answer(response.status, body, dict(response.headers))
        except TimeoutError:
            return Answer(0, error="timeout")
        except aiohttp.ClientError as error:
            return Answer(0, error=f"connection: {type(error).__name__}")

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(("/_control/", "/_socket/")):
            return await handler(request)
        operation, account = self.operation(request)
        exchange = self.journal.new_exchange()
        body = await shown_body(request)
        shown = {"method": request.method, "peer": request.remote, "body": body}
        self.journal.add("in", operation, account, exchange, **shown)
        # A caller that hangs up does not take back what it asked for.
        work = self.spawn(self._answered(request, handler, (operation, account, exchange)))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self.journal.add("fact", "caller_gone", account, exchange, call=operation)
            raise

    async def _answered(
        self, request: web.Request, handler: Handler, what: tuple[str, str, int]
    ) -> web.StreamResponse:
        operation, account, exchange = what
        fault = self.faults.take(operation, account)
        try:
            response = await self._faulted(request, handler, fault)
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=error.text)
        if response is None:
            self.journal.add("out", operation, account, exchange, cut=True, fault=_named(fault))
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=502)
        text = response.text if isinstance(response, web.Response) and _is_text(response) else None
        shown = {"status": response.status, "body": text, "fault": _named(fault)}
        self.journal.add("out", operation, account, exchange, **shown)
        return response

    async def _faulted(
        self, request: web.Request, handler: Handler, fault: Fault | None
    ) -> web.StreamResponse | None:
        """Answer; None = cut."""
        if fault is None:
            return await handler(request)
        right = await handler(request) if fault.done else None
        await asyncio.sleep(fault.seconds)
        if fault.cut:
            return None
        if fault.status:
            headers = {**fault.headers, "Content-Type": fault.content_type}
            return web.Response(status=fault.status, text=fault.body, headers=headers)
        return right if right is not None else await handler(request)

    async def _control(self, request: web.Request) -> web.Response:
        actions, name = self.actions(), request.match_info["action"]
        if name not in actions:
            known = ", ".join(sorted(actions))
            return web.json_response({"error": f"no action {name}; known: {known}"}, status=404)
        arguments = await request.json() if await request.read() else {}
        try:
            result = actions[name](**arguments)
            if asyncio.iscoroutine(result):
                result = await result
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        return web.json_response({"result": result}, dumps=_dumps)

    async def _read_journal(self, request: web.Request) -> web.Response:
        since = int(request.query.get("since", "0"))
        entries = [dataclasses.asdict(entry) for entry in self.journal.find(since=since)]
        return web.json_response({"entries": entries}, dumps=_dumps)


async def shown_body(request: web.Request) -> Any:
    """Give what was sent in a form that a test can compare."""
    if request.content_type == "application/json":
        with suppress(ValueError):
            return await request.json()
    if request.content_type.startswith(("multipart/", "application/x-www-form")):
        return {name: _shown_part(value) for name, value in (await request.post()).items()}
    return (await request.read()).decode(errors="replace")


def _shown_part(value: Any) -> Any:
    return f"<file {value.filename}>" if isinstance(value, web.FileField) else value


def _is_text(response: web.Response) -> bool:
    return response.content_type.startswith(("text/", "application/json"))


def _named(fault: Fault | None) -> str:
    return "" if fault is None else str(fault)


def _readable(request: Json) -> Json:
    return {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in request.items()
    }


def _dumps(value: Any) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else str(value)  # type: ignore[arg-type]  # a value is no class here

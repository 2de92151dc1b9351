"""One process, several ports, one orderly end.

On SIGTERM or SIGINT: readiness turns false at once, the public listeners stop accepting and let the
requests in flight finish within the grace period, and the operations listener (health, metrics)
goes last, so that Kubernetes sees the truth until the end. A second signal ends the wait.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

KEEP_ALIVE_SECONDS = 75  # above the 60 s of common proxies, so that they close first
OPERATIONS_GRACE_SECONDS = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Listener:
    """An application on a socket."""

    name: str
    app: ASGIApp
    socket: socket.socket


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to serve, and how to stop."""

    public: Sequence[Listener]
    operations: Listener
    grace_seconds: float
    on_drain: Callable[[], None]


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to us, because there are several in this process."""

    @contextlib.contextmanager
    @override
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(plan: Plan) -> None:
    """Serve until a signal comes, then drain."""
    stop = asyncio.Event()
    servers = [_server(listener, plan.grace_seconds) for listener in plan.public]
    operations = _server(plan.operations, OPERATIONS_GRACE_SECONDS)
    with _signals(stop, servers):
        running = [
            _run(server, listener) for server, listener in zip(servers, plan.public, strict=True)
        ]
        last = _run(operations, plan.operations)
        ended = asyncio.ensure_future(stop.wait())
        await asyncio.wait([ended, last, *running], return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        plan.on_drain()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*running)
        operations.should_exit = True
        await last


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes uvicorn's preferred event loop (uvloop)."""
    return uvicorn.Config(app="", lifespan="off", log_config=None).get_loop_factory()


def _server(listener: Listener, grace_seconds: float) -> _Server:
    config = uvicorn.Config(
        listener.app,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # ours counts hops: core.middleware.client_address
        server_header=False,
        date_header=True,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(grace_seconds),
    )
    return _Server(config)


def _run(server: _Server, listener: Listener) -> asyncio.Task[None]:
    port = listener.socket.getsockname()[1]
    _log.info("listening", extra={"listener": listener.name, "port": port})
    return asyncio.create_task(server.serve(sockets=[listener.socket]), name=listener.name)


@contextlib.contextmanager
def _signals(stop: asyncio.Event, servers: Sequence[_Server]) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def asked(name: str) -> None:
        _log.info("stopping", extra={"signal": name})
        if stop.is_set():
            for server in servers:
                server.force_exit = True
        stop.set()

    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, asked, wanted.name)
    try:
        yield
    finally:
        for wanted in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(wanted)

"""One process, two ports, one orderly end.

On SIGTERM readiness turns false and the main port stops accepting while requests in flight finish;
the metrics port goes last, so that a probe sees the truth until the end. A second signal ends the
wait.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from polyant_web import asgi, authorities
from polyant_web.engine.http import HttpTransport
from polyant_web.observability import probes
from polyant_web.observability.metrics import Metrics
from polyant_web.observability.probes import Drain
from polyant_web.pages.rendering import Renderer
from polyant_web.settings import Settings

logger = logging.getLogger(__name__)

_BACKLOG = 1024
_KEEP_ALIVE_SECONDS = 75  # above the 60 s of common proxies, so that they close first
_GRACE_SECONDS = 600  # whoever stops us has a limit of their own that ends us sooner


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to us, because there are two in this process."""

    @contextlib.contextmanager
    @override
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(address: str | None, port: int) -> socket.socket:
    """Open a socket on one address, or on all: IPv4 and IPv6 where the machine has both."""
    if address is not None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return socket.create_server((address, port), family=family, backlog=_BACKLOG)
    if socket.has_dualstack_ipv6():
        with contextlib.suppress(OSError):
            return socket.create_server(
                ("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=_BACKLOG
            )
    return socket.create_server(("", port), backlog=_BACKLOG)


def run(settings: Settings) -> None:
    """Serve on the event loop that uvicorn prefers (uvloop)."""
    factory = uvicorn.Config(app="", lifespan="off", log_config=None).get_loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(settings))


async def serve(settings: Settings) -> None:
    """Serve until a signal comes, then drain."""
    metrics, drain = Metrics(), Drain()
    tls = authorities.context(settings.extra_ca_file)
    transport = HttpTransport(settings.engine_url, settings.internal_secret, metrics, tls)

    async def check() -> str | None:
        return await asgi.readiness(settings, transport)

    main = _server(asgi.build(settings, transport, metrics, Renderer()), _GRACE_SECONDS)
    side = _server(probes.build(metrics=metrics, drain=drain, check=check), 1)
    try:
        await _run_both(main, side, settings, drain)
    finally:
        await transport.close()


async def _run_both(main: _Server, side: _Server, settings: Settings, drain: Drain) -> None:
    stop = asyncio.Event()
    with _signals(stop, main):
        tasks = [
            asyncio.create_task(
                main.serve(sockets=[listen(settings.listen_address, settings.port)])
            ),
            asyncio.create_task(
                side.serve(sockets=[listen(settings.listen_address, settings.metrics_port)])
            ),
        ]
        logger.info("serving", extra={"port": settings.port, "metricsPort": settings.metrics_port})
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        drain.started = True
        main.should_exit = True
        await tasks[0]
        side.should_exit = True
        await tasks[1]


def _server(app: ASGIApp, grace_seconds: int) -> _Server:
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # ours counts hops: security.origins
        server_header=False,
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=grace_seconds,
    )
    return _Server(config)


@contextlib.contextmanager
def _signals(stop: asyncio.Event, main: _Server) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def asked(name: str) -> None:
        logger.info("stopping", extra={"signal": name})
        if stop.is_set():
            main.force_exit = True
        stop.set()

    wanted = (signal.SIGTERM, signal.SIGINT)
    for number in wanted:
        loop.add_signal_handler(number, asked, number.name)
    try:
        yield
    finally:
        for number in wanted:
            loop.remove_signal_handler(number)

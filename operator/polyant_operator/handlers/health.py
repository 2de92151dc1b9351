"""The HTTP server for the kubelet and Prometheus: /livez, /readyz, /metrics.

Alive means that the watches still deliver: while this replica leads, the canary's age decides.
Ready means that the process has started; a standby is ready too, it only does not lead.
"""

import logging
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from polyant_operator.observability import metrics

logger = logging.getLogger(__name__)

# Says what is wrong, or None.
Check = Callable[[], str | None]


def application(alive: Check, ready: Check) -> web.Application:
    """The routes over two checks."""
    app = web.Application()
    app.router.add_get("/livez", _probe(telling(alive)))
    app.router.add_get("/readyz", _probe(ready))
    app.router.add_get("/metrics", _metrics)
    return app


def telling(alive: Check) -> Check:
    """Say in the log why the kubelet ends this process: its own event holds a status code and no more."""
    is_told = False

    def check() -> str | None:
        nonlocal is_told
        problem = alive()
        if problem and not is_told:
            logger.error("/livez fails, so that the kubelet starts this process anew: %s", problem)
        elif is_told and not problem:
            logger.info("/livez is well again")
        is_told = bool(problem)
        return problem

    return check


def _probe(check: Check) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.Response:
        problem = check()
        return web.Response(text=(problem or "ok") + "\n", status=503 if problem else 200)

    return answer


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(
        body=generate_latest(metrics.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


def listen(port: int) -> socket.socket:
    """A socket for IPv4 and IPv6, or IPv4 alone where there is nothing else."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


async def serve(app: web.Application, sock: socket.socket) -> web.AppRunner:
    """Start answering; the caller cleans the runner up."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, sock).start()
    logger.info("Metrics and probes on port %d", sock.getsockname()[1])
    return runner

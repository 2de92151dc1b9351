"""Stand-ins for engine and panel that answer with what they believe about a request.

They are made of the real middleware, told what the operator tells the real processes, and get their
requests through a real Envoy. What they answer is what limits, audit, cookies and webhook signatures
are made of. `/v1/stream` answers piece by piece.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from polyant_engine.core import public_url
from polyant_engine.core.clock import SystemClock
from polyant_engine.core.forms import hops
from polyant_engine.core.internal_secret import InternalSecret
from polyant_engine.core.metrics import Metrics
from polyant_engine.core.middleware import stack
from polyant_engine.core.middleware.internal_routes import Exposure
from polyant_operator.desired.trust import Trust as Derived
from polyant_web.security import origins
from polyant_web.security.origins import Origins, Trust
from support import engine_routes
from support.apiserver import ApiServer
from support.operator_process import eventually

# What a router would take for an internal route.
INTERNAL = frozenset(engine_routes.internal_paths())
SECRET = "the-internal-secret-of-this-installation"


@dataclass(frozen=True, kw_only=True)
class Believers:
    """The ports of one installation's stand-ins."""

    engine: int
    web: int


@contextmanager
def running(told: Derived) -> Iterator[Believers]:
    """Serve both until the block ends, with the variables the operator derived."""
    apps = {"engine": engine(told.engine_variables), "web": web(told.web_variables)}
    sockets = {name: socket.create_server(("0.0.0.0", 0)) for name in apps}  # noqa: S104 (Envoy may not be sent to a loopback address)
    servers = {name: uvicorn.Server(_config(app)) for name, app in apps.items()}

    async def serve() -> None:
        await asyncio.gather(*(server.serve([sockets[name]]) for name, server in servers.items()))

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    try:
        eventually(lambda: all(server.started for server in servers.values()), "they serve")
        yield Believers(**{name: each.getsockname()[1] for name, each in sockets.items()})
    finally:
        for server in servers.values():
            server.should_exit = server.force_exit = True
        thread.join(10)


def engine(variables: Mapping[str, str]) -> ASGIApp:
    """The engine's public listener around a handler that tells."""
    trusted, base = hops(variables["TRUST_PROXY"]), variables.get("BASE_URL")

    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/v1/stream"):
            await _stream(scope)(scope, receive, send)
            return
        # A router goes by the decoded path; the middleware must have stopped these.
        is_internal = scope["path"].rstrip("/") in INTERNAL
        told = {
            "who": "internal" if is_internal else "engine",
            "client": scope["polyant.client_address"],
            "url": public_url.of(scope, base, trusted),
            **_seen(scope),
        }
        await JSONResponse(told)(scope, receive, send)

    edge = stack.Edge(
        exposure=Exposure.HIDDEN,
        hops=trusted,
        origins=variables.get("CORS_ORIGINS", "").split(","),
        internal_secret=InternalSecret(SECRET),
    )
    return stack.wrap(tell, edge, Metrics(), SystemClock())


def web(variables: Mapping[str, str]) -> ASGIApp:
    """The panel's middleware around a handler that tells."""
    trust = Trust(
        forwarded=variables.get("AUTH_TRUST_HOST") == "true",
        hops=int(variables["TRUST_PROXY"]),
        own_url=variables.get("AUTH_URL"),
    )

    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        origin = origins.of(Request(scope))
        told = {
            "who": "web",
            "client": origin.client_address,
            "scheme": origin.scheme,
            "hosts": sorted(origin.hosts),
            **_seen(scope),
        }
        await JSONResponse(told)(scope, receive, send)

    return Origins(tell, trust)


def publish(server: ApiServer, namespace: str, believers: Believers) -> None:
    """Make the stand-ins the endpoints of the instance's Services."""
    slices = [_slice(namespace, f"acme-{name}", port) for name, port in vars(believers).items()]
    server.kubectl("apply", "-f", "-", stdin="\n---\n".join(map(json.dumps, slices)))


def machine_address() -> str:
    """An address of this machine that is no loopback address: endpoints may not have one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return str(probe.getsockname()[0])


def _slice(namespace: str, service: str, port: int) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{service}-by-hand",
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": service},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [machine_address()], "conditions": {"ready": True}}],
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
    }


def _seen(scope: Scope) -> dict[str, Any]:
    return {
        "path": scope["raw_path"].decode("latin-1"),
        "query": scope["query_string"].decode("latin-1"),
        "headers": [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]],
    }


def _stream(scope: Scope) -> StreamingResponse:
    asked = parse_qs(scope["query_string"].decode())
    count, pause = int(asked["pieces"][0]), float(asked["pause"][0])

    async def pieces() -> Any:
        for number in range(count):
            await asyncio.sleep(pause)
            yield f"data: {number} {time.time()}\n\n"

    return StreamingResponse(pieces(), media_type="text/event-stream")


def _config(app: ASGIApp) -> uvicorn.Config:
    # As engine and panel are served: nobody but their own middleware reads a forwarded header.
    return uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, proxy_headers=False, ws="none"
    )

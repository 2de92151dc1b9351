"""The panel believes servers that a private authority vouches for, when told: engine and provider."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from polyant_web import authorities
from polyant_web.engine.errors import EngineAway
from polyant_web.engine.http import HttpTransport
from polyant_web.engine.transport import Call
from polyant_web.google.client import Client
from polyant_web.google.handshake import Handshake
from polyant_web.google.provider import Away, Google
from polyant_web.observability.metrics import Metrics
from support import authority, connect_proxy
from support.authority import Authority

pytestmark = pytest.mark.integration

# Reserved, so that nobody here can look it up: only the proxy knows the way (RFC 6761).
OUTSIDE = "accounts.google.invalid"


@pytest.fixture
def private(tmp_path: Path) -> Authority:
    return authority.make(tmp_path, OUTSIDE)


@contextlib.asynccontextmanager
async def server(private: Authority) -> AsyncIterator[int]:
    """Serve what an engine and an OpenID Connect provider say about themselves, over TLS."""

    async def answer(request: web.Request) -> web.Response:
        here = f"https://{request.host}"
        names = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
        return web.json_response({**dict.fromkeys(names, here), "keys": []})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=private.server()).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("told", [True, False])
async def test_the_engine_is_believed_when_told(private: Authority, *, told: bool) -> None:
    tls = authorities.context(str(private.ca_file) if told else None)
    async with server(private) as port:
        transport = HttpTransport(f"https://127.0.0.1:{port}", "s" * 16, Metrics(), tls)
        try:
            if told:
                assert (await transport.send(Call(method="GET", path="/health"))).status == 200
            else:
                with pytest.raises(EngineAway, match="certificate"):
                    await transport.send(Call(method="GET", path="/health"))
        finally:
            await transport.close()


async def test_google_is_asked_through_the_proxy(
    private: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that opens TLS itself is what most private authorities are for."""
    async with server(private) as port, connect_proxy.running() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        issuer = f"https://{OUTSIDE}:{port}"
        client = Client(issuer=issuer, client_id="c", client_secret="s", panel_url=None)
        handshake = Handshake.begin("k" * 32, "/")

        with pytest.raises(Away, match="certificate"):
            await Google(client, authorities.context(None)).address(handshake, "https://panel")
        google = Google(client, authorities.context(str(private.ca_file)))
        with pytest.raises(Away, match="describes itself badly"):
            await google.address(handshake, "https://panel")

    assert set(proxy.asked) == {f"CONNECT {OUTSIDE}:{port}"}

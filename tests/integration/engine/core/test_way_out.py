"""Out through a proxy, to servers that a private authority vouches for: with a real proxy and real TLS."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from polyant_engine.core import authorities, egress, errors
from polyant_engine.core.egress import Egress, Fetched, TargetForbidden
from polyant_engine.core.proxies import Proxies
from support import authority, connect_proxy
from support.authority import Authority

pytestmark = pytest.mark.integration

# Reserved, so that nobody here can look it up: only the proxy knows the way (RFC 6761).
OUTSIDE = "api.model.invalid"


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


@pytest.fixture
def private(tmp_path: Path) -> Authority:
    return authority.make(tmp_path, OUTSIDE)


@contextlib.asynccontextmanager
async def server(vouched_for_by: Authority | None = None) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    context = vouched_for_by.server() if vouched_for_by else None
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def get(client: Egress, url: str) -> Fetched:
    return await client.fetch("GET", url, headers={}, limit=1000)


async def test_https_goes_through_the_proxy_and_is_verified_end_to_end(private: Authority) -> None:
    trust = authorities.context(str(private.ca_file))
    async with server(private) as port, connect_proxy.running() as proxy:
        proxies = Proxies(https=proxy.url)
        async with egress.opened([], proxies=proxies, tls=trust) as client:
            assert (await get(client, f"https://{OUTSIDE}:{port}/")).body == b"hello"

    assert proxy.asked == [f"CONNECT {OUTSIDE}:{port}"]


async def test_without_the_private_authority_the_server_is_not_believed(
    private: Authority,
) -> None:
    async with (
        server(private) as port,
        connect_proxy.running() as proxy,
        egress.opened([], proxies=Proxies(https=proxy.url)) as client,
    ):
        with pytest.raises(errors.UpstreamFailed):
            await get(client, f"https://{OUTSIDE}:{port}/")


async def test_plain_http_goes_through_the_proxy_too() -> None:
    async with (
        server() as port,
        connect_proxy.running() as proxy,
        egress.opened([], proxies=Proxies(http=proxy.url)) as client,
    ):
        assert (await get(client, f"http://{OUTSIDE}:{port}/")).status == 200

    assert proxy.asked == [f"GET http://{OUTSIDE}:{port}/"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "[::1]", "localhost", "10.0.0.1", "0x7f.1", "acme-engine",
        "acme-engine.demo.svc", "kubernetes.default.svc.cluster.local", "metadata.google.internal",
    ],
)  # fmt: skip
async def test_the_proxy_never_hears_of_a_target_inside(host: str) -> None:
    async with (
        server() as port,
        connect_proxy.running() as proxy,
        egress.opened([], proxies=Proxies(http=proxy.url)) as client,
    ):
        with pytest.raises(TargetForbidden):
            await get(client, f"http://{host}:{port}/")

    assert proxy.asked == []


async def test_an_exception_is_connected_directly_and_still_guarded() -> None:
    async with server() as port, connect_proxy.running() as proxy:
        proxies = Proxies(http=proxy.url, exceptions=("127.0.0.1",))
        async with egress.opened([], proxies=proxies) as client:
            with pytest.raises(TargetForbidden):
                await get(client, f"http://127.0.0.1:{port}/")
        async with egress.opened(["127.0.0.1"], proxies=proxies) as client:
            assert (await get(client, f"http://127.0.0.1:{port}/")).status == 200

    assert proxy.asked == []


async def test_a_listed_host_may_be_inside_behind_the_proxy() -> None:
    async with (
        server() as port,
        connect_proxy.running() as proxy,
        egress.opened(["10.0.0.1"], proxies=Proxies(http=proxy.url)) as client,
    ):
        assert (await get(client, f"http://10.0.0.1:{port}/")).status == 200


async def test_a_proxy_that_refuses_or_is_away_is_an_upstream_failure() -> None:
    async with (
        server() as port,
        connect_proxy.running(refuses=True) as proxy,
        egress.opened([], proxies=Proxies(https=proxy.url)) as client,
    ):
        with pytest.raises(errors.UpstreamFailed):
            await get(client, f"https://{OUTSIDE}:{port}/")

    async with egress.opened([], proxies=Proxies(https=proxy.url)) as client:
        with pytest.raises(errors.UpstreamFailed, match="The proxy to"):
            await get(client, f"https://{OUTSIDE}/")


async def test_a_direct_server_of_a_private_authority_is_believed_when_told(
    private: Authority,
) -> None:
    async with server(private) as port:
        url = f"https://127.0.0.1:{port}/"
        trust = authorities.context(str(private.ca_file))
        async with egress.opened(["127.0.0.1"], tls=trust) as client:
            assert (await get(client, url)).status == 200
        async with egress.opened(["127.0.0.1"]) as client:
            with pytest.raises(errors.UpstreamFailed):
                await get(client, url)

"""The guard on outgoing requests, with real servers on this machine, which is private by nature."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from polyant_engine.core import egress, errors
from polyant_engine.core.egress import Egress, Fetched, TargetForbidden

pytestmark = pytest.mark.integration

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def echo(request: web.Request) -> web.Response:
    headers = {name: request.headers.get(name, "-") for name in ("authorization", "x-plain")}
    return web.json_response({"method": request.method, **headers})


@contextlib.asynccontextmanager
async def server(handler: Handler = echo) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, host="127.0.0.1") as running:
        yield f"127.0.0.1:{running.port}"


def redirect(to: str, status: int = 302) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"location": to})

    return handler


async def get(client: Egress, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
    return await client.fetch("GET", url, headers=headers or {}, limit=1000)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1"]
)
async def test_this_machine_is_out_of_reach_by_every_name(host: str) -> None:
    async with server() as place, egress.opened([]) as client:
        port = place.split(":")[1]

        with pytest.raises(TargetForbidden):
            await get(client, f"http://{host}:{port}/")


async def test_a_listed_host_and_port_may_be_private() -> None:
    async with server() as place, egress.opened([place]) as client:
        assert (await get(client, f"http://{place}/")).status == 200


async def test_a_listed_host_without_port_means_every_port() -> None:
    async with server() as place, egress.opened(["127.0.0.1"]) as client:
        assert (await get(client, f"http://{place}/")).status == 200


async def test_another_port_of_a_listed_host_is_not_listed() -> None:
    async with server() as place, server() as other, egress.opened([place]) as client:
        with pytest.raises(TargetForbidden):
            await get(client, f"http://{other}/")


async def test_a_redirect_into_the_private_network_is_stopped_at_that_hop() -> None:
    async with (
        server() as inner,
        server(redirect(f"http://{inner}/")) as outer,
        egress.opened([outer]) as client,
    ):
        with pytest.raises(TargetForbidden):
            await get(client, f"http://{outer}/")


@pytest.mark.parametrize("to", ["file:///etc/passwd", "gopher://x/", "ftp://x/", "http:///nothing"])
async def test_a_redirect_to_another_protocol_is_stopped(to: str) -> None:
    async with server(redirect(to)) as outer, egress.opened([outer]) as client:
        with pytest.raises(TargetForbidden):
            await get(client, f"http://{outer}/")


async def test_redirects_without_end_are_stopped() -> None:
    async with server(redirect("/again")) as place, egress.opened([place]) as client:
        with pytest.raises(TargetForbidden, match="redirects more than"):
            await get(client, f"http://{place}/")


async def test_credentials_stay_with_their_host() -> None:
    async with (
        server() as second,
        server(redirect(f"http://{second}/")) as first,
        egress.opened([first, second]) as client,
    ):
        given = {"Authorization": "Bearer secret", "x-plain": "kept"}
        answer = await get(client, f"http://{first}/", given)

    assert b'"authorization": "-"' in answer.body
    assert b'"x-plain": "kept"' in answer.body


async def test_another_host_is_told_credentials_only_if_the_caller_confides_in_it() -> None:
    async with (
        server() as last,
        server(redirect(f"http://{last}/")) as second,
        server(redirect(f"http://{second}/")) as first,
        egress.opened([first, second, last]) as client,
    ):

        async def told(*places: str) -> bool:
            answer = await client.fetch(
                "GET",
                f"http://{first}/",
                headers={"Authorization": "Bearer secret"},
                limit=1000,
                confides_in=lambda url: any(place in url for place in places),
            )
            return b"Bearer secret" in answer.body

        assert await told(second, last)
        assert not await told(second)
        assert not await told(last)  # what was left away on the way is not known any more


async def test_an_answer_above_the_limit_is_refused() -> None:
    async def large(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 1001)

    async with server(large) as place, egress.opened([place]) as client:
        with pytest.raises(errors.UpstreamFailed, match="larger than 1000"):
            await get(client, f"http://{place}/")


async def test_an_answer_of_the_limit_is_whole() -> None:
    async def exact(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 1000)

    async with server(exact) as place, egress.opened([place]) as client:
        assert len((await get(client, f"http://{place}/")).body) == 1000


async def test_a_server_that_is_not_there_is_an_upstream_error() -> None:
    async with egress.opened(["127.0.0.1"]) as client:
        with pytest.raises(errors.UpstreamFailed):
            await get(client, "http://127.0.0.1:1/")


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with server() as place, egress.opened([place]) as client:
        assert (await get(client, f"http://{place}/")).status == 200

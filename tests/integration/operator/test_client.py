"""The API client against servers that misbehave: every fault has a name and an end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from polyant_operator.kube import errors
from polyant_operator.kube.access import Access
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import DEPLOYMENT, SECRET, SERVICE

pytestmark = pytest.mark.integration

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def client_of(answer: Answer, *, patience: float = 5) -> AsyncIterator[Client]:
    """A client of a server with one answer to everything."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        async with Client(Access(server=f"http://{host}:{port}"), timeout=patience) as client:
            yield client
    finally:
        await runner.cleanup()


def status(code: int, body: str = '{"message": "words"}', **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=code, text=body, headers=headers)

    return answer


async def test_an_api_server_that_hangs_is_left_in_time() -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with client_of(hang, patience=0.2) as client:
        with pytest.raises(errors.Unavailable, match="GET /api/v1/namespaces/ns/secrets/s"):
            await client.get(SECRET, "ns", "s")


async def test_nobody_listening_is_unavailable() -> None:
    async with Client(Access(server="http://127.0.0.1:9")) as client:
        with pytest.raises(errors.Unavailable):
            await client.get(SECRET, "ns", "s")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (403, errors.Forbidden),
        (409, errors.Conflict),
        (422, errors.Invalid),
        (404, errors.NotFound),
    ],
)
async def test_a_refusal_keeps_the_words_of_the_server(
    code: int, kind: type[errors.KubeError]
) -> None:
    async with client_of(status(code)) as client:
        with pytest.raises(kind, match="words"):
            await client.get(SECRET, "ns", "s")


async def test_an_overloaded_server_says_when_to_come_back() -> None:
    async with client_of(status(429, **{"Retry-After": "7"})) as client:
        with pytest.raises(errors.Unavailable) as caught:
            await client.get(SECRET, "ns", "s")

    assert caught.value.retry_after == 7


@pytest.mark.parametrize("code", [200, 502])
async def test_an_answer_that_is_not_json_is_unavailable(code: int) -> None:
    async with client_of(status(code, "<html>a proxy</html>")) as client:
        with pytest.raises(errors.Unavailable):
            await client.get(SECRET, "ns", "s")


async def test_a_redirect_is_not_followed_with_our_credentials() -> None:
    seen: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=302, text="{}", headers={"Location": "/elsewhere"})

    async with client_of(redirect) as client:
        await client.get(SECRET, "ns", "s")

    assert seen == ["/api/v1/namespaces/ns/secrets/s"]


async def test_a_missing_object_is_none_for_those_who_look_for_it() -> None:
    async with client_of(status(404)) as client:
        assert await client.find(SECRET, "ns", "s") is None
        await client.delete(SECRET, "ns", "s")


async def test_a_collection_is_read_in_chunks_and_gets_its_kind_back() -> None:
    asked: list[dict[str, str]] = []

    async def pages(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        page = int(request.query.get("continue", "0"))
        more = {"continue": str(page + 1)} if page < 2 else {}
        return web.json_response({"metadata": more, "items": [{"metadata": {"name": str(page)}}]})

    async with client_of(pages) as client:
        found = [obj async for obj in client.walk(DEPLOYMENT, labels="a=b", chunk=1)]

    assert [obj["metadata"]["name"] for obj in found] == ["0", "1", "2"]
    assert {obj["kind"] for obj in found} == {"Deployment"}
    assert asked[1] == {"limit": "1", "labelSelector": "a=b", "continue": "1"}


async def test_a_warning_of_the_server_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    answer = status(200, "{}", Warning='299 - "this field is deprecated"')
    with caplog.at_level(logging.WARNING):
        async with client_of(answer) as client:
            for _ in range(3):
                await client.get(SECRET, "ns", "s")

    said = [record.getMessage() for record in caplog.records]
    assert said == ["The API server warns: this field is deprecated"]


async def test_an_apply_names_the_field_manager_and_forces() -> None:
    seen: list[web.Request] = []

    async def note(request: web.Request) -> web.Response:
        await request.read()
        seen.append(request)
        return web.json_response({})

    manifest = {
        "apiVersion": SERVICE.api_version,
        "kind": SERVICE.kind,
        "metadata": {"name": "s", "namespace": "ns"},
    }
    async with client_of(note) as client:
        await client.apply(manifest)
        await client.apply_status(manifest)
        await client.scale(DEPLOYMENT, "ns", "d", 3)

    first, second, third = seen
    assert first.query == {"fieldManager": "polyant-operator", "force": "true"}
    assert first.content_type == "application/apply-patch+yaml"
    assert second.path.endswith("/services/s/status")
    assert second.query["fieldManager"] == "polyant-operator-status"
    assert third.path == "/apis/apps/v1/namespaces/ns/deployments/d/scale"
    assert await third.json() == {"spec": {"replicas": 3}}

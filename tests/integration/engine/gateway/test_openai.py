"""The adapter against a real HTTP server: retries, time-outs, cuts, the guard, cancellation."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable

import pytest
import uvicorn

from polyant_engine.core import egress
from polyant_engine.demo_model import routes, rules
from polyant_engine.gateway import errors, openai, ports

pytestmark = pytest.mark.integration

QUICK = openai.Limits(silence_seconds=0.3, total_seconds=5, backoff_seconds=0.01)


class Counting:
    """A server application that counts requests and knows how many are open."""

    def __init__(self, app: Callable[..., object]) -> None:
        self.app = app
        self.requests = 0
        self.open = 0
        self.busy = asyncio.Event()
        self.idle = asyncio.Event()

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  ASGI
        self.requests += 1
        self.open += 1
        self.busy.set()
        try:
            await self.app(scope, receive, send)  # type: ignore[misc]
        finally:
            self.open -= 1
            self.idle.set()


@contextlib.asynccontextmanager
async def scripted(text: str) -> AsyncIterator[tuple[str, Counting]]:
    """Serve a script in this loop."""
    app = Counting(routes.build_app(rules.parse(text, source="test"), time.time))
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", app
    finally:
        server.should_exit = True
        await serving


def target(url: str) -> ports.Target:
    return ports.Target(provider="main", base_url=url, model="demo", api_key="k")


def request(*, stream: bool = False) -> ports.ChatRequest:
    return ports.ChatRequest(messages=[ports.Message(role="user", content="hello")], stream=stream)


@contextlib.asynccontextmanager
async def model(
    hosts: tuple[str, ...] = ("127.0.0.1",), limits: openai.Limits = QUICK
) -> AsyncIterator[openai.OpenAIModel]:
    async with egress.opened(hosts) as outside:
        yield openai.OpenAIModel(outside, jitter=lambda: 0.5, limits=limits)


async def collect(script: str, *, stream: bool = False) -> tuple[list[ports.Delta], int]:
    async with scripted(script) as (url, app), model() as under_test:
        deltas = [delta async for delta in under_test.chat(target(url), request(stream=stream))]
        return deltas, app.requests


async def test_a_stream_arrives_in_pieces_with_usage() -> None:
    deltas, _ = await collect("rules: [{reply: abcdef, chunks: {size: 2}}]", stream=True)

    assert [delta.text for delta in deltas if delta.text] == ["ab", "cd", "ef"]
    assert deltas[-1].usage == ports.Usage(input_tokens=2, output_tokens=2)
    assert [delta.finish_reason for delta in deltas if delta.finish_reason] == ["stop"]


async def test_tool_calls_pass_through_a_stream() -> None:
    deltas, _ = await collect("rules: [{toolCalls: [{name: f, arguments: {a: 1}}]}]", stream=True)

    calls = [call for delta in deltas for call in delta.tool_calls]
    assert calls[0].name == "f"
    assert "".join(call.arguments for call in calls) == '{"a":1}'


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_passing_failure_is_tried_again(status: int) -> None:
    deltas, requests = await collect(
        f"rules: [{{fail: {{status: {status}, times: 2}}, reply: ok}}]"
    )

    assert (deltas[0].text, requests) == ("ok", 3)


async def test_a_lasting_failure_is_given_up_after_three_tries() -> None:
    with pytest.raises(errors.ModelUnavailable):
        await collect("rules: [{fail: {status: 500}}]")


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_what_cannot_pass_is_tried_once(status: int) -> None:
    async with (
        scripted(f"rules: [{{fail: {{status: {status}}}}}]") as (url, app),
        model() as under_test,
    ):
        with pytest.raises(errors.ModelError):
            await anext(under_test.chat(target(url), request()))

    assert app.requests == 1


async def test_a_wish_to_wait_is_honoured_and_a_long_one_ends_the_call() -> None:
    started = time.monotonic()
    await collect("rules: [{fail: {status: 429, times: 1, retryAfter: 0.3}, reply: ok}]")
    assert time.monotonic() - started >= 0.3

    with pytest.raises(errors.ModelRateLimited) as raised:
        await collect("rules: [{fail: {status: 429, retryAfter: 600}}]")
    assert raised.value.headers["retry-after"] == "600"


async def test_a_server_that_hangs_is_a_timeout() -> None:
    with pytest.raises(errors.ModelTimeout):
        await collect("rules: [{hang: true}]")


async def test_a_stream_that_falls_silent_is_a_timeout() -> None:
    script = "rules: [{reply: abcdef, chunks: {size: 2, delayMs: 1000}}]"

    with pytest.raises(errors.ModelTimeout):
        await collect(script, stream=True)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_cut_answer_is_broken_and_never_tried_again(*, stream: bool) -> None:
    async with (
        scripted("rules: [{reply: abcdefghij, chunks: {size: 2}, cutAfter: 2}]") as (url, app),
        model() as under_test,
    ):
        with pytest.raises(errors.ModelBroken):
            async for _ in under_test.chat(target(url), request(stream=stream)):
                pass

    assert app.requests == 1


async def test_nobody_listening_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with model() as under_test:
        with pytest.raises(errors.ModelUnavailable):
            await anext(under_test.chat(target(f"http://127.0.0.1:{port}/v1"), request()))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_a_private_address_needs_permission(host: str) -> None:
    async with scripted("rules: [{reply: x}]") as (url, app), model(hosts=()) as under_test:
        address = url.replace("127.0.0.1", host)
        with pytest.raises(errors.TargetForbidden, match="MODEL_PRIVATE_HOSTS"):
            await anext(under_test.chat(target(address), request()))

    assert app.requests == 0


@pytest.mark.parametrize(
    "script", ["{hang: true}", "{reply: abcdefgh, chunks: {size: 1, delayMs: 100}}"]
)
async def test_cancelling_closes_the_connection_at_once(script: str) -> None:
    patient = openai.Limits()
    async with (
        scripted(f"rules: [{script}]") as (url, app),
        model(limits=patient) as under_test,
    ):

        async def consume() -> None:
            async for _ in under_test.chat(target(url), request(stream=True)):
                pass

        task = asyncio.create_task(consume())
        await app.busy.wait()
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(1):
            await app.idle.wait()


async def test_garbage_instead_of_an_answer_is_broken() -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: \xff\xfe\n\n"
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(garbage, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with model() as under_test:
            with pytest.raises(errors.ModelBroken):
                async for _ in under_test.chat(target(url), request(stream=True)):
                    pass


async def test_a_redirect_is_not_followed() -> None:
    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\n"
            b"content-length: 0\r\nconnection: close\r\n\r\n"
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(elsewhere, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with model() as under_test:
            with pytest.raises(errors.ModelError) as raised:
                await anext(under_test.chat(target(url), request()))

    assert raised.value.code == "upstream_error"

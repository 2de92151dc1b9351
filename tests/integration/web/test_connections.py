"""Connections to an engine that is replaced while the panel works."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from polyant_web.engine.http import HttpTransport
from polyant_web.engine.transport import Call
from polyant_web.observability.metrics import Metrics

pytestmark = pytest.mark.integration

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


@dataclass
class Closing:
    """An engine that takes connections, and hangs up on a second request as one that stops does."""

    seen: list[list[str]] = field(default_factory=list)
    hangs_up: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        methods: list[str] = []
        self.seen.append(methods)
        while head := await self._request(reader):
            if self.hangs_up and methods:
                break
            methods.append(head.split(" ", 1)[0])
            writer.write(ANSWER)
            await writer.drain()
        writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> str:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return ""
        for line in head.lower().splitlines():
            if line.startswith("content-length:"):
                await reader.readexactly(int(line.partition(":")[2]))
        return head


@pytest.fixture
async def engine() -> AsyncIterator[tuple[Closing, HttpTransport]]:
    closing = Closing()
    async with await asyncio.start_server(closing.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        transport = HttpTransport(f"http://127.0.0.1:{port}", "s" * 16, Metrics())
        yield closing, transport
        await transport.close()


def call(method: str) -> Call:
    return Call(method=method, path="/", payload={} if method != "GET" else None)


async def test_reading_keeps_a_connection_and_changing_has_one_of_its_own(
    engine: tuple[Closing, HttpTransport],
) -> None:
    closing, transport = engine
    for method in ("GET", "GET", "POST", "POST", "DELETE", "GET"):
        await transport.send(call(method))

    assert sorted(closing.seen) == [["DELETE"], ["GET", "GET", "GET"], ["POST"], ["POST"]]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_connection_that_closes_under_a_request_fails_none(
    engine: tuple[Closing, HttpTransport], method: str
) -> None:
    closing, transport = engine
    closing.hangs_up = True
    for _ in range(3):
        assert (await transport.send(call(method))).status == 200

    assert sum(methods.count(method) for methods in closing.seen) == 3, "nothing is done twice"

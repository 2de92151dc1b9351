"""An HTTP proxy as companies run one: it looks names up itself, tunnels CONNECT, relays plain requests."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CHUNK = 65536


@dataclass
class Proxy:
    """Where it listens, and what it was asked for."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    refuses: bool = False


@contextlib.asynccontextmanager
async def running(*, refuses: bool = False) -> AsyncIterator[Proxy]:
    """Run a proxy that connects to ports of this machine, whatever the name."""
    proxy, tasks = Proxy(refuses=refuses), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
            await _serve(proxy, reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _serve(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
    proxy.asked.append(f"{method} {target}")
    if proxy.refuses:
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        return
    place = target if method == "CONNECT" else urlsplit(target).netloc
    port = int(place.rpartition(":")[2])
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    if method == "CONNECT":
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:
        inner_writer.write(head)
    await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()

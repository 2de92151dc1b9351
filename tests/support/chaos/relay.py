"""A TCP relay between one replica and one server: holds up, cuts and refuses.

What a frozen relay has taken is delivered at the thaw, also when the sender has gone meanwhile: so
late packets arrive as they do in networks. Each relay speaks to the server from an address of its
own, by which vendors' journals and the database tell the replicas apart.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

HOST = "127.0.0.1"
_CHUNK = 1 << 16


class Gate:
    """Lets bytes through while it is open."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self.seconds = 0.0  # how long each chunk is held up

    def close(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    async def passed(self) -> None:
        await self._open.wait()
        if self.seconds:
            await asyncio.sleep(self.seconds)


@dataclass
class Relay:
    """`async with Relay(lambda: ("127.0.0.1", 5432), "127.0.0.11") as relay: relay.port`."""

    target: Callable[[], tuple[str, int]]
    address: str = HOST
    port: int = 0
    to_server: Gate = field(default_factory=Gate)
    to_client: Gate = field(default_factory=Gate)
    is_refusing: bool = False
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: "set[asyncio.Task[None]]" = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in (*self._tasks,):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.cut()

    def freeze(self, *, answers_only: bool = False) -> None:
        """Let nothing through; connections stay as they are."""
        self.to_client.close()
        if not answers_only:
            self.to_server.close()

    def cut(self) -> None:
        """End every connection at once."""
        for writer in (*self._writers,):
            writer.transport.abort()

    def refuse(self) -> None:
        """End every connection, and each new one."""
        self.is_refusing = True
        self.cut()

    def slow_down(self, seconds: float) -> None:
        """Hold up each chunk, both ways."""
        self.to_server.seconds = self.to_client.seconds = seconds

    def heal(self) -> None:
        """Be a good network again."""
        self.is_refusing = False
        self.slow_down(0)
        self.to_server.open()
        self.to_client.open()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if self.is_refusing:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            await self._relay(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken: asyncio.Queue[bytes] = asyncio.Queue()
        taking = asyncio.create_task(_take(reader, taken))
        try:
            await self.to_server.passed()
            host, port = self.target()
            upstream = await asyncio.open_connection(host, port, local_addr=(self.address, 0))
        except OSError:
            taking.cancel()
            return
        self._writers.add(upstream[1])
        given: asyncio.Queue[bytes] = asyncio.Queue()
        work = [
            taking,
            asyncio.create_task(_take(upstream[0], given)),
            asyncio.create_task(_give(taken, upstream[1], self.to_server)),
            asyncio.create_task(_give(given, writer, self.to_client)),
        ]
        try:
            # Both ways have to end: a client that left does not take back what it sent.
            await asyncio.gather(*work[2:])
        finally:
            for each in work:
                each.cancel()
            self._writers.discard(upstream[1])
            upstream[1].transport.abort()


async def _take(reader: asyncio.StreamReader, into: "asyncio.Queue[bytes]") -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            into.put_nowait(data)
    into.put_nowait(b"")


async def _give(taken: "asyncio.Queue[bytes]", writer: asyncio.StreamWriter, gate: Gate) -> None:
    with contextlib.suppress(OSError):
        while data := await taken.get():
            await gate.passed()
            writer.write(data)
            await writer.drain()
        await gate.passed()
        if writer.can_write_eof():
            writer.write_eof()

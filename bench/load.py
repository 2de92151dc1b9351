"""The load generator: keep-alive connections that each ask one question after the other.

A process of its own on plain asyncio protocols, so that it takes little of the processors it shares
with what it measures. Run as `python -m bench.load`, a JSON job on standard input, a JSON result on
standard output.
"""

import asyncio
import itertools
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop
from typing_extensions import override

TURNS_PER_CONVERSATION = 8
HEADER_END = b"\r\n\r\n"
LENGTH = b"content-length: "
QUESTION = "How do I make a good espresso at home, and what does the grind change?"


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to do."""

    url: str
    agents: list[tuple[str, str]]  # slug and key
    connections: int
    seconds: float
    warm_up_seconds: float
    run: str  # makes conversation names of this run unique


@dataclass(kw_only=True)
class Result:
    """What was seen after the warm-up."""

    milliseconds: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection for one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._answer: asyncio.Future[int] | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(HEADER_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.index(LENGTH) + len(LENGTH)
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(self._buffer) >= end + len(HEADER_END) + length and self._answer is not None:
            status = int(self._buffer[9:12])
            self._buffer = b""
            self._answer.set_result(status)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("closed by the server"))

    def ask(self, request: bytes) -> asyncio.Future[int]:
        """Send a request; the future becomes the status of its answer."""
        if self._transport is None:
            raise ConnectionError("not connected")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer


def build_request(host: str, slug: str, key: str, chat_id: str) -> bytes:
    """Build the bytes of one question."""
    body = json.dumps(
        {"model": slug, "chat_id": chat_id, "messages": [{"role": "user", "content": QUESTION}]}
    ).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def run(job: Job) -> Result:
    """Keep every connection busy for the time."""
    result, names = Result(), itertools.count()
    begin = time.perf_counter() + job.warm_up_seconds
    until = begin + job.seconds
    await asyncio.gather(
        *(_client(job, result, names, begin, until) for _ in range(job.connections))
    )
    result.seconds = time.perf_counter() - begin
    return result


async def _client(
    job: Job, result: Result, names: "itertools.count[int]", begin: float, until: float
) -> None:
    parts = urlsplit(job.url)
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, parts.hostname or "", parts.port or 80)
    while time.perf_counter() < until:
        number = next(names)
        slug, key = job.agents[number % len(job.agents)]
        request = build_request(parts.netloc, slug, key, f"{job.run}-{number}")
        for _ in range(TURNS_PER_CONVERSATION):
            asked = time.perf_counter()
            if asked >= until:
                return
            status = await connection.ask(request)
            _note(result, status, asked, begin)


def _note(result: Result, status: int, asked: float, begin: float) -> None:
    if asked < begin:
        return
    if status == 200:  # noqa: PLR2004  OK
        result.milliseconds.append((time.perf_counter() - asked) * 1000)
    else:
        result.errors[str(status)] = result.errors.get(str(status), 0) + 1


def main() -> None:
    """Do the job on standard input."""
    raw: dict[str, Any] = json.load(sys.stdin)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(run(Job(**raw)))
    json.dump(
        {
            "milliseconds": result.milliseconds,
            "errors": result.errors,
            "seconds": result.seconds,
            "cpu_seconds": time.process_time(),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()

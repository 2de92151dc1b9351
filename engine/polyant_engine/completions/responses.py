"""Answer over HTTP while a turn runs in its own task.

The watcher never runs the turn; it only looks. When the client goes away, or takes nothing for
30 s, the watcher cancels the turn and leaves, and the turn commits what it has. Headers wait for
the first event, so that an error before it has its own status, but for 10 s at most.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from polyant_engine.completions import wire
from polyant_engine.conversations.running import Event, Failed, Finished, RunningTurn, Text
from polyant_engine.core import problems

HEADER_SECONDS = 10.0
WRITE_SECONDS = 30.0
PING_SECONDS = 15.0
JSON = "application/json"
STREAM_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
}

Value = TypeVar("Value")


class ClientGone(Exception):
    """The client went away or stopped reading."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A turn and the answer being made of it."""

    turn: RunningTurn
    envelope: wire.Envelope
    headers: Mapping[str, str]
    path: str


class Watcher:
    """The connection of one client, watched for its end."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._send = send
        self._gone = asyncio.ensure_future(_until_gone(receive))

    async def until(self, wanted: Awaitable[Value], seconds: float | None = None) -> Value:
        """Wait for something unless the client goes away; TimeoutError after the time."""
        task = asyncio.ensure_future(wanted)
        try:
            await asyncio.wait(
                (task, self._gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if task.done():
                return task.result()
            if self._gone.done():
                raise ClientGone
            raise TimeoutError
        finally:
            task.cancel()

    async def send(self, message: Message) -> None:
        """Send; a client that takes nothing for too long counts as gone."""
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._send(message)
        except (TimeoutError, OSError) as error:
            raise ClientGone from error
        if self._gone.done():
            raise ClientGone

    def close(self) -> None:
        """Stop watching."""
        self._gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@contextlib.asynccontextmanager
async def _watching(turn: RunningTurn, receive: Receive, send: Send) -> AsyncIterator[Watcher]:
    """Watch the client while an answer is made; the turn is cancelled when nobody waits any more."""
    watcher = Watcher(receive, send)
    try:
        yield watcher
    except ClientGone:
        turn.cancel()
    except asyncio.CancelledError:
        turn.cancel()
        raise
    finally:
        watcher.close()


class PlainAnswer:
    """The response that waits for the whole answer."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the turn and answer."""
        async with _watching(self._watched.turn, receive, send) as watcher:
            outcome = await watcher.until(self._watched.turn.next_event())
            await self._response(outcome)(scope, receive, watcher.send)

    def _response(self, outcome: Event) -> Response:
        watched = self._watched
        if isinstance(outcome, Failed):
            response = problems.response(outcome.error, watched.path)
        else:
            response = Response(_whole(watched.envelope, outcome), media_type=JSON)
        response.headers.update(watched.headers)
        return response


def _whole(envelope: wire.Envelope, outcome: Finished | Text) -> bytes:
    if isinstance(outcome, Text):
        raise AssertionError("an unwatched turn emits no text")  # noqa: TRY004  a bug, not an input
    ending = outcome.ending
    return wire.completion(envelope, ending.text, outcome.finish_reason, ending.usage)


class StreamedAnswer:
    """The response that passes text on as it arrives."""

    def __init__(self, watched: Watched, *, with_usage: bool) -> None:
        self._watched = watched
        self._with_usage = with_usage
        self._chunks = wire.Chunks(watched.envelope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream the turn."""
        async with _watching(self._watched.turn, receive, send) as watcher:
            await self._stream(scope, receive, watcher)

    async def _stream(self, scope: Scope, receive: Receive, watcher: Watcher) -> None:
        event: Event | None = None
        with contextlib.suppress(TimeoutError):
            event = await watcher.until(self._watched.turn.next_event(), HEADER_SECONDS)
        if isinstance(event, Failed):
            response = problems.response(event.error, self._watched.path)
            response.headers.update(self._watched.headers)
            await response(scope, receive, watcher.send)
            return
        await self._start(watcher)
        await self._send(watcher, self._chunks.opening())
        while event is None or isinstance(event, Text):
            await self._send(watcher, wire.PING if event is None else self._chunks.text(event.text))
            event = await self._next(watcher)
        await self._send(watcher, self._last(event))
        await watcher.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self, watcher: Watcher) -> Event | None:
        try:
            return await watcher.until(self._watched.turn.next_event(), PING_SECONDS)
        except TimeoutError:
            return None

    def _last(self, event: Finished | Failed) -> bytes:
        if isinstance(event, Failed):
            return wire.failure(event.error)
        return self._chunks.closing(
            event.finish_reason, event.ending.usage, with_usage=self._with_usage
        )

    async def _start(self, watcher: Watcher) -> None:
        headers = STREAM_HEADERS | dict(self._watched.headers)
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await watcher.send({"type": "http.response.start", "status": 200, "headers": raw})

    async def _send(self, watcher: Watcher, body: bytes) -> None:
        await watcher.send({"type": "http.response.body", "body": body, "more_body": True})

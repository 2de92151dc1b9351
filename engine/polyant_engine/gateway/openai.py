"""The OpenAI-compatible adapter: pooled connections, retries in one place, hard limits everywhere.

Anything that speaks this protocol is configuration: OpenAI, vLLM, Ollama, OpenRouter, the scripted
model. A call is tried again only while nothing of its answer has been passed on.
"""

import asyncio
import contextlib
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp

from polyant_engine.core import egress
from polyant_engine.gateway import errors, openai_wire, ports, sse

DONE = b"[DONE]"
LARGE_BYTES = 512 * 1024
MAX_ERROR_BYTES = 64 * 1024
EVENT_STREAM = "text/event-stream"
OK = 200


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Time-outs, retries and sizes."""

    connect_seconds: float = 5
    silence_seconds: float = 120  # without a byte; a reasoning model may think for long
    total_seconds: float = 600
    attempts: int = 3
    backoff_seconds: float = 0.4  # doubled at each attempt
    max_retry_after_seconds: float = (
        10  # a longer wish ends the call instead of the caller's patience
    )
    max_answer_bytes: int = 32 * 1024 * 1024


class OpenAIModel:
    """A `ChatModel` for every OpenAI-compatible server."""

    def __init__(
        self,
        outside: egress.Egress,
        jitter: Callable[[], float],
        limits: Limits | None = None,
    ) -> None:
        self._egress = outside
        self._jitter = jitter
        self._limits = limits or Limits()
        self._timeout = aiohttp.ClientTimeout(
            total=self._limits.total_seconds,
            sock_connect=self._limits.connect_seconds,
            sock_read=self._limits.silence_seconds,
        )

    async def chat(
        self, target: ports.Target, request: ports.ChatRequest
    ) -> AsyncGenerator[ports.Delta]:
        """Ask, and yield the answer as it arrives."""
        body = openai_wire.build_body(target, request)
        try:
            async with self._answer(target, body) as response:
                async for delta in self._deltas(response):
                    yield delta
        except TimeoutError as error:
            raise errors.ModelTimeout(str(error)) from error
        except (aiohttp.ClientError, sse.OversizedEvent) as error:
            raise errors.ModelBroken(f"{type(error).__name__}: {error}") from error

    @contextlib.asynccontextmanager
    async def _answer(
        self, target: ports.Target, body: bytes
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send the request until a response of status 200 begins."""
        response = await self._persist(target, body)
        try:
            yield response
        finally:
            # An unread answer cannot be reused, so this also ends the provider's work at once.
            if response.content.at_eof():
                response.release()
            else:
                response.close()

    async def _persist(self, target: ports.Target, body: bytes) -> aiohttp.ClientResponse:
        for attempt in range(1, self._limits.attempts + 1):
            try:
                return await self._try(target, body)
            except errors.ModelError as error:
                wait = self._pause(attempt, error)
                if wait is None:
                    raise
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _pause(self, attempt: int, error: errors.ModelError) -> float | None:
        """Return how long to wait before another attempt, or None to give up."""
        limits = self._limits
        if not error.may_retry or attempt >= limits.attempts:
            return None
        asked = error.retry_after_seconds
        if asked is not None:
            return asked if asked <= limits.max_retry_after_seconds else None
        backoff: float = limits.backoff_seconds * 2 ** (attempt - 1)
        return backoff * (0.5 + self._jitter())

    async def _try(self, target: ports.Target, body: bytes) -> aiohttp.ClientResponse:
        try:
            response = await self._post(target, body)
        except aiohttp.SocketTimeoutError as error:
            raise errors.ModelTimeout(str(error)) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _connection_error(error) from error
        if response.status == OK:
            return response
        async with response:
            raw = await response.content.read(MAX_ERROR_BYTES)
            wait = openai_wire.read_retry_after(response.headers.get("retry-after"))
            raise openai_wire.read_error(response.status, raw, wait)

    async def _post(self, target: ports.Target, body: bytes) -> aiohttp.ClientResponse:
        headers = {"content-type": "application/json"}
        if target.api_key:
            headers["authorization"] = f"Bearer {target.api_key}"
        url = f"{target.base_url}/chat/completions"
        return await self._egress.session(url).post(
            url,
            data=body if len(body) < LARGE_BYTES else io.BytesIO(body),  # in pieces, not at once
            headers=headers,
            timeout=self._timeout,
            allow_redirects=False,  # a redirect would carry the key to another host
        )

    async def _deltas(self, response: aiohttp.ClientResponse) -> AsyncIterator[ports.Delta]:
        if response.content_type != EVENT_STREAM:
            yield openai_wire.read_answer(await self._read_all(response))
            return
        parser, total, is_finished = sse.EventParser(), 0, False
        async for piece in response.content.iter_any():
            total += len(piece)
            self._check_size(total)
            for event in parser.feed(piece):
                if event == DONE:
                    return
                delta = openai_wire.read_chunk(event)
                is_finished = is_finished or delta.finish_reason is not None
                yield delta
        if not is_finished:
            raise errors.ModelBroken("the stream ended without a finish reason")

    async def _read_all(self, response: aiohttp.ClientResponse) -> bytes:
        pieces, total = [], 0
        async for piece in response.content.iter_any():
            total += len(piece)
            self._check_size(total)
            pieces.append(piece)
        return b"".join(pieces)

    def _check_size(self, size: int) -> None:
        if size > self._limits.max_answer_bytes:
            raise errors.ModelBroken(f"more than {self._limits.max_answer_bytes} bytes")


def _connection_error(error: aiohttp.ClientError | OSError | ValueError) -> errors.ModelError:
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(
        error.os_error, egress.AddressForbiddenError
    ):
        return errors.TargetForbidden(str(error))
    return errors.ModelUnavailable(f"{type(error).__name__}: {error}")

"""Talking to an agent: streamed by our script, or by a plain form where scripts are off.

The engine keeps the conversation under a chat id made here, so the browser sends only the new
message. Without a script nothing remembers what was said before, so the form carries it along;
that copy is only ever shown, never sent to the engine.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from polyant_web.engine import errors
from polyant_web.engine.models import Agent, Status
from polyant_web.pages import failures
from polyant_web.pages.visit import Visit

_CUT_OFF = "The engine stopped answering in the middle. Send the message again."
_MOST_REMEMBERED = 40


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One message and its answer."""

    said: str
    answered: str


async def choose(visit: Visit) -> Response:
    """Show the agents one can talk to; with one agent there is nothing to choose."""
    agents = tuple(agent for agent in await visit.engine.agents() if agent.status is Status.ACTIVE)
    if len(agents) == 1:
        return visit.go(f"/playground/{agents[0].slug}")
    return visit.page("playground_choose.html", agents=agents)


async def show(visit: Visit) -> Response:
    """Show an empty conversation."""
    return await _page(visit, chat_id=uuid.uuid4().hex)


async def send(visit: Visit) -> Response:
    """Answer a plain form post with the whole conversation."""
    message, chat_id = _message(visit), _chat_id(visit)
    before = _remembered(visit)
    try:
        answered = await visit.engine.ask(visit.slug(), message=message, chat_id=chat_id)
    except errors.Unauthenticated:
        raise
    except errors.EngineError as error:
        problem = explain(error)
        return await _page(
            visit, 502, chat_id=chat_id, before=before, draft=message, problem=problem
        )
    exchanges = (*before, Exchange(said=message, answered=answered))
    return await _page(visit, chat_id=chat_id, before=exchanges)


async def stream(visit: Visit) -> Response:
    """Relay the engine's server-sent events to our script."""
    message, chat_id = _message(visit), _chat_id(visit)
    open_streams = AsyncExitStack()
    try:
        answer = await open_streams.enter_async_context(
            visit.engine.ask_streaming(visit.slug(), message=message, chat_id=chat_id)
        )
    except errors.EngineRefused as error:
        if isinstance(error, errors.Unauthenticated):
            raise
        return Response(_event_body(explain(error)), error.status, media_type="application/json")
    open_streams.enter_context(visit.panel.metrics.streams.track_inprogress())
    return _Relay(answer.chunks, open_streams)


class _Relay(StreamingResponse):
    """Passes pieces on. Its end, also because the browser left, ends the call to the engine."""

    def __init__(self, chunks: AsyncIterator[bytes], open_streams: AsyncExitStack) -> None:
        super().__init__(
            _until_cut_off(chunks),
            media_type="text/event-stream",
            headers={"x-accel-buffering": "no"},
        )
        self._open_streams = open_streams

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._open_streams:
            await super().__call__(scope, receive, send)


async def _until_cut_off(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for chunk in chunks:
            yield chunk
    except errors.EngineAway:
        yield b"\n\ndata: " + _event_body(_CUT_OFF) + b"\n\n"


def explain(error: errors.EngineError) -> str:
    """Say what went wrong with a question; a model's own complaint helps most."""
    if isinstance(error, errors.EngineRefused) and not isinstance(error, errors.Forbidden):
        return error.message
    failure = failures.describe(error)
    return f"{failure.title}. {failure.text}"


async def _page(
    visit: Visit,
    status: int = 200,
    *,
    chat_id: str,
    before: tuple[Exchange, ...] = (),
    draft: str = "",
    problem: str = "",
) -> Response:
    agents = await visit.engine.agents()
    return visit.page(
        "playground.html",
        status,
        agent=_find(agents, visit.slug()),
        agents=agents,
        chat_id=chat_id,
        exchanges=before,
        draft=draft,
        problem=problem,
    )


def _find(agents: tuple[Agent, ...], slug: str) -> Agent:
    found = next((agent for agent in agents if agent.slug == slug), None)
    if found is None:
        raise HTTPException(404)
    return found


def _message(visit: Visit) -> str:
    message = visit.form.get("message", "").strip()
    if not message:
        raise HTTPException(400)
    return message


def _chat_id(visit: Visit) -> str:
    chat_id = visit.form.get("chat_id", "")
    if len(chat_id) != 32 or not chat_id.isalnum():  # noqa: PLR2004 - a uuid in hex
        raise HTTPException(400)
    return chat_id


def _remembered(visit: Visit) -> tuple[Exchange, ...]:
    numbers = range(_MOST_REMEMBERED)
    pairs = ((visit.form.get(f"said_{n}"), visit.form.get(f"answered_{n}")) for n in numbers)
    return tuple(Exchange(said=s, answered=a) for s, a in pairs if s is not None and a is not None)


def _event_body(message: str) -> bytes:
    return orjson.dumps({"error": {"message": message}})

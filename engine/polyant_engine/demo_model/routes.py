"""The HTTP surface of the scripted model."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from polyant_engine.demo_model import model, service, wire

JSON = "application/json"


class ConnectionCut(Exception):
    """The script asked to break the connection in the middle of an answer."""


class Endpoints:
    """The three routes over one script."""

    def __init__(self, script: service.Script, clock: Callable[[], float]) -> None:
        self._script = script
        self._clock = clock
        self._serial = itertools.count(1)

    async def health(self, _: Request) -> Response:
        """Answer that the process lives."""
        return Response(b'{"status":"ok","service":"polyant-demo-model"}', media_type=JSON)

    async def models(self, _: Request) -> Response:
        """List the models of the rules file."""
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "polyant"}
            for name in self._script.rules.models
        ]
        return Response(orjson.dumps({"object": "list", "data": data}), media_type=JSON)

    async def chat(self, request: Request) -> Response:
        """Follow the first rule that fits."""
        try:
            asked = service.read_request(orjson.loads(await request.body()))
        except ValueError as error:
            return _error(400, str(error), "invalid_request")
        decision = self._script.decide(asked)
        if decision is None:
            return _error(404, "no rule of the script fits this request", "no_rule")
        await asyncio.sleep(decision.rule.delay_ms / 1000)
        if decision.failure is not None:
            return _failure(decision.failure)
        if decision.rule.hang:
            await _until_gone(request)
        return self._answer(asked, decision)

    def _answer(self, asked: service.Request, decision: service.Decision) -> Response:
        answer = wire.build_answer(
            asked, decision, serial=next(self._serial), now=int(self._clock())
        )
        rule = decision.rule
        if asked.stream:
            events = wire.chunks(answer, size=rule.chunks.size, include_usage=asked.include_usage)
            return StreamingResponse(_paced(list(events), rule), media_type="text/event-stream")
        body = wire.plain(answer)
        if rule.cut_after is None:
            return Response(body, media_type=JSON)
        return StreamingResponse(_broken(body), media_type=JSON)


async def _paced(events: list[bytes], rule: model.Rule) -> AsyncIterator[bytes]:
    for sent, event in enumerate(events):
        if rule.cut_after is not None and sent > rule.cut_after:  # the opening chunk has no text
            raise ConnectionCut
        if rule.chunks.delay_ms and sent:
            await asyncio.sleep(rule.chunks.delay_ms / 1000)
        yield event


async def _broken(body: bytes) -> AsyncIterator[bytes]:
    yield body[: len(body) // 2]
    raise ConnectionCut


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _failure(failure: model.Failure) -> Response:
    response = _error(failure.status, failure.message, failure.code)
    if failure.retry_after is not None:
        response.headers["retry-after"] = f"{failure.retry_after:g}"
    return response


def _error(status: int, message: str, code: str | None) -> Response:
    return Response(wire.error(status, message, code), status, media_type=JSON)


def build_app(rules: model.Rules, clock: Callable[[], float]) -> Starlette:
    """Build the application of one script."""
    endpoints = Endpoints(service.Script(rules), clock)
    return Starlette(
        routes=[
            Route("/health", endpoints.health),
            Route("/v1/models", endpoints.models),
            Route("/v1/chat/completions", endpoints.chat, methods=["POST"]),
        ]
    )

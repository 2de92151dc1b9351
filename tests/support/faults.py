"""What an API server, or the network before it, can do wrong; see `faulty_api`."""

import asyncio
import json
from typing import Any

from aiohttp import web

from support.faulty_api import Cut, Exchange, Fault, Lines, passed

_REASONS = {409: "Conflict", 410: "Expired", 429: "TooManyRequests", 403: "Forbidden"}


def answer(code: int, *, retry_after: int | None = None, done: bool = False) -> Fault:
    """An error; with `done` the request was carried out all the same."""

    async def fault(exchange: Exchange) -> web.StreamResponse | None:
        if done:
            await passed(await exchange.forward())
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return web.json_response(_status(code), status=code, headers=headers)

    return fault


def hang() -> Fault:
    """No answer, ever."""

    async def fault(_: Exchange) -> web.StreamResponse | None:
        await asyncio.sleep(3600)
        raise Cut

    return fault


def cut() -> Fault:
    """The connection ends without an answer, as at a load balancer with nothing behind it."""

    async def fault(_: Exchange) -> web.StreamResponse | None:
        raise Cut

    return fault


def slow(seconds: float) -> Fault:
    """The right answer, late."""

    async def fault(_: Exchange) -> web.StreamResponse | None:
        await asyncio.sleep(seconds)
        return None

    return fault


def reset() -> Fault:
    """The request is carried out, and the connection is cut in the middle of the answer."""

    async def fault(exchange: Exchange) -> web.StreamResponse | None:
        upstream = await exchange.forward()
        body = await upstream.read()
        length = {"Content-Length": str(len(body))}
        response = web.StreamResponse(status=upstream.status, headers=length)
        await response.prepare(exchange.request)
        await response.write(body[: len(body) // 2])
        # The half must be on its way before the cut, or the client would see no answer at all.
        await asyncio.sleep(0.01)
        raise Cut

    return fault


def garbage() -> Fault:
    """An answer of a broken middlebox: 200 and HTML."""

    async def fault(_: Exchange) -> web.StreamResponse | None:
        return web.Response(text="<html>please log in</html>", content_type="text/html")

    return fault


def gone() -> Fault:
    """A watch that says at once that its version is too old."""

    async def fault(exchange: Exchange) -> web.StreamResponse | None:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(exchange.request)
        await response.write(json.dumps({"type": "ERROR", "object": _status(410)}).encode() + b"\n")
        return response

    return fault


def without(kind: str) -> Lines:
    """A watch in which events of a type are lost."""
    return lambda line: [] if _event(line).get("type") == kind else [line]


def silent() -> Lines:
    """A watch that is open and says nothing."""
    return lambda _: []


def twice() -> Lines:
    """A watch that says everything twice."""
    return lambda line: [line, line]


def reordered() -> Lines:
    """A watch that says each two events in the wrong order, if a second comes soon.

    It keeps what even a bad API server keeps: whoever is cut off and goes on from the last version it
    was told misses nothing. So the older of two is the last that is said, together with the newer, and
    a bookmark overtakes nothing.
    """
    held: list[bytes] = []

    def lines(line: bytes) -> list[bytes]:
        if not line or _event(line).get("type") == "BOOKMARK":
            before, held[:] = held[:], []
            return [*before, line]
        if not held:
            held.append(line)
            return []
        return [line, held.pop()]

    return lines


def _event(line: bytes) -> dict[str, Any]:
    return dict(json.loads(line)) if line.strip() else {}


def _status(code: int) -> dict[str, Any]:
    reason = _REASONS.get(code, "InternalError")
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
    return {**status, "reason": reason, "message": f"injected {code}"}

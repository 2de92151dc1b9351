"""`/api/instances/<slug>/channels` and `/outbox`: channels of an agent, and what did not arrive."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from starlette.responses import Response

from polyant_engine.agents.ports import Actor
from polyant_engine.channels.configuring import ChannelChange, Configuring, Shown
from polyant_engine.channels.retrying import PartState
from polyant_engine.channels.troubles import Trouble, Troubles
from polyant_engine.core import errors
from polyant_engine.core.calls import Call
from polyant_engine.core.permissions import Permission
from polyant_engine.core.routing import Endpoint, needs

ROOT = "/api/instances/{slug}"
LARGEST_BODY = 64 * 1024
LARGEST_PAGE = 100
TROUBLES = (PartState.UNKNOWN.value, PartState.DEAD.value)


class ChannelRoutes:
    """The handlers; the rules are in `Configuring` and the statements."""

    def __init__(self, configuring: Configuring, troubles: Troubles, *, is_enabled: bool) -> None:
        self._configuring = configuring
        self._troubles = troubles
        self._is_enabled = is_enabled

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return what this feature serves."""
        one, outbox = ROOT + "/channels/{kind}", ROOT + "/outbox"
        secret, read = needs(Permission.SECRET_WRITE), needs(Permission.CONVERSATION_READ)
        send = needs(Permission.CHAT)
        return (
            Endpoint("GET", ROOT + "/channels", self.index, needs(Permission.AGENT_READ)),
            Endpoint("PUT", one, self.put, secret, LARGEST_BODY),
            Endpoint("DELETE", one, self.delete, secret),
            Endpoint("GET", outbox, self.outbox, read),
            Endpoint("POST", outbox + "/{part}/resend", self.resend, send),
        )

    async def index(self, call: Call) -> Response:
        """List the channels with how they are."""
        found = await self._configuring.all(call.path("slug"))
        return _json({"channels": [self._dto(each) for each in found]})

    async def put(self, call: Call) -> Response:
        """Create or change a channel."""
        change = await call.model(ChannelChange)
        slug, kind = call.path("slug"), call.path("kind")
        found = await self._configuring.put(slug, kind, change, _actor(call))
        return _json({"channel": self._dto(found)})

    async def delete(self, call: Call) -> Response:
        """Delete a channel."""
        await self._configuring.delete(call.path("slug"), call.path("kind"), _actor(call))
        return _json({"deleted": True})

    async def outbox(self, call: Call) -> Response:
        """List what is unknown or dead."""
        slug, asked = call.path("slug"), call.request.query_params
        states = [asked["state"]] if "state" in asked else TROUBLES
        if not set(states) <= set(TROUBLES):
            raise errors.BadRequest("state can be one of unknown, dead.", param="state")
        limit = _number(call, "limit", LARGEST_PAGE, 1, LARGEST_PAGE)
        offset = _number(call, "offset", 0, 0, 1_000_000)
        counts = await self._troubles.counts(slug)
        found = await self._troubles.of(slug, states, limit, offset)
        return _json({"counts": counts, "messages": _troubles(found)})

    async def resend(self, call: Call) -> Response:
        """Send a message (again)."""
        try:
            part = uuid.UUID(call.path("part"))
        except ValueError:
            part = None
        slug = call.path("slug")
        if part is None or not await self._troubles.resend(slug, part, _actor(call)):
            raise errors.NotFound("This agent has no message of that id that is unknown or dead.")
        return _json({"queued": True})

    def _dto(self, shown: Shown) -> dict[str, Any]:
        live = None
        if shown.live is not None and self._is_enabled:
            live = {
                "state": shown.live.state.value,
                "reason": shown.live.reason,
                "nextTry": _time(shown.live.next_try),
                "since": _time(shown.told_at),
            }
        return {
            "channelType": shown.kind.value,
            "account": shown.account,
            "enabled": shown.enabled,
            "config": shown.config,
            "live": live,
            "updatedAt": _time(shown.updated_at),
        }


def _troubles(found: Sequence[Trouble]) -> list[dict[str, Any]]:
    return [
        {
            "id": str(each.id),
            "channelType": each.kind,
            "chat": each.chat,
            "thread": each.thread,
            "text": each.text,
            "state": each.state,
            "reason": each.reason,
            "attempts": each.attempt,
            "conversationId": str(each.conversation_id),
            "createdAt": _time(each.created_at),
            "finishedAt": _time(each.finished_at),
        }
        for each in found
    ]


def _number(call: Call, name: str, default: int, least: int, most: int) -> int:
    text = call.request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= most:
        raise errors.BadRequest(f"{name} must be a number from {least} to {most}.", param=name)
    return int(text[:9])


def _actor(call: Call) -> Actor:
    return Actor(user_id=call.session.user_id, client_address=call.client_address)


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")

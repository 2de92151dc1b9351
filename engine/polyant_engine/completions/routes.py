"""The two routes of the OpenAI-compatible API."""

from collections.abc import Sequence
from typing import Protocol

import orjson
from starlette.responses import Response

from polyant_engine.agents.model import Agent
from polyant_engine.completions import responses, wire
from polyant_engine.completions.limits import RateLimits
from polyant_engine.completions.request import ChatBody, build_request
from polyant_engine.conversations.errors import CallerUnknown
from polyant_engine.conversations.model import Caller
from polyant_engine.conversations.service import Turns
from polyant_engine.core.calls import Call
from polyant_engine.core.clock import Clock
from polyant_engine.core.hashing import TokenHasher
from polyant_engine.core.ids import AGENT_KEY_PREFIX
from polyant_engine.core.permissions import Permission
from polyant_engine.core.principals import Authenticator, Bearer, UserSession
from polyant_engine.core.routing import Access, Endpoint, authorize, deferred

BODY_LIMIT = 8 * 1024 * 1024
CHAT = deferred(Permission.CHAT)
MODELS = deferred(Permission.MODEL_READ)


class AgentDirectory(Protocol):
    """Finds agents for `/v1/models`."""

    async def all(self) -> Sequence[Agent]:
        """Return every agent."""
        ...

    async def of_key(self, key_hash: bytes) -> Agent | None:
        """Return the agent that an API key belongs to."""
        ...


class Callers:
    """Makes callers of bearer tokens."""

    def __init__(self, authenticator: Authenticator, hasher: TokenHasher) -> None:
        self._authenticator = authenticator
        self._hasher = hasher

    async def identify(self, call: Call, access: Access) -> Caller:
        """Return who calls; a key is only hashed here, and a wrong session is refused."""
        bearer = call.principal
        if not isinstance(bearer, Bearer):
            return Caller()
        if bearer.is_session:
            session = await self._session(bearer.token)
            return Caller(user_id=authorize(session, access).user_id)
        if bearer.token.startswith(AGENT_KEY_PREFIX):
            return Caller(key_hash=self._hasher.digest(bearer.token))
        return Caller()  # clients of open agents send any word as their key

    async def _session(self, token: str) -> UserSession:
        session = await self._authenticator.session(token)
        if session is None:
            raise CallerUnknown
        return session


class Completions:
    """The endpoints of `/v1`."""

    def __init__(
        self,
        *,
        turns: Turns,
        callers: Callers,
        limits: RateLimits,
        agents: AgentDirectory,
        clock: Clock,
    ) -> None:
        self._turns = turns
        self._callers = callers
        self._limits = limits
        self._agents = agents
        self._clock = clock

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint("POST", "/v1/chat/completions", self.chat, CHAT, body_limit=BODY_LIMIT),
            Endpoint("GET", "/v1/models", self.models, MODELS),
        )

    async def chat(self, call: Call) -> responses.PlainAnswer | responses.StreamedAnswer:
        """Open a turn and answer while it runs."""
        caller = await self._callers.identify(call, CHAT)
        body = await call.model(ChatBody)
        allowance = await self._limits.take(caller, body.model, call.client_address)
        turn = await self._turns.start(build_request(body, caller))
        self._limits.confirm(caller, body.model, turn.opened.admission)
        watched = responses.Watched(
            turn=turn,
            envelope=wire.new_envelope(body.model, self._clock.now().timestamp()),
            headers=allowance.headers(),
            path=call.request.url.path,
        )
        if body.stream:
            return responses.StreamedAnswer(watched, with_usage=body.includes_usage)
        return responses.PlainAnswer(watched)

    async def models(self, call: Call) -> Response:
        """List the agents that the caller may use as models."""
        caller = await self._callers.identify(call, MODELS)
        allowance = await self._limits.take(caller, "", call.client_address)
        agents = await self._visible(caller)
        data = [
            {
                "id": agent.slug,
                "object": "model",
                "created": int(agent.created_at.timestamp()),
                "owned_by": "polyant",
            }
            for agent in agents
            if agent.status == "active"
        ]
        body = orjson.dumps({"object": "list", "data": data})
        return Response(body, headers=allowance.headers(), media_type=responses.JSON)

    async def _visible(self, caller: Caller) -> Sequence[Agent]:
        if caller.user_id is not None:
            return await self._agents.all()
        agent = None if caller.key_hash is None else await self._agents.of_key(caller.key_hash)
        if agent is None:
            raise CallerUnknown
        return [agent]

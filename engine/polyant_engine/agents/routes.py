"""`/api/instances`: agents over HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from polyant_engine.agents import model
from polyant_engine.agents.ports import Actor
from polyant_engine.agents.service import Agents
from polyant_engine.core.calls import Call
from polyant_engine.core.permissions import Permission
from polyant_engine.core.routing import Endpoint, needs

ROOT = "/api/instances"
ONE = ROOT + "/{slug}"
CREATED = 201
NO_CONTENT = 204


class AgentRoutes:
    """The handlers; the rules are in the service."""

    def __init__(self, agents: Agents) -> None:
        self._agents = agents

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return what this feature serves."""
        read, write = needs(Permission.AGENT_READ), needs(Permission.AGENT_WRITE)
        secret = needs(Permission.SECRET_WRITE)
        key = needs(Permission.API_KEY_WRITE)
        # `/models` stands before `/{slug}`: the first path that fits wins.
        return (
            Endpoint("GET", ROOT + "/models", self.models, needs(Permission.MODEL_READ)),
            Endpoint("GET", ROOT, self.index, read),
            Endpoint("POST", ROOT, self.create, write),
            Endpoint("GET", ONE, self.show, read),
            Endpoint("PATCH", ONE, self.change, write),
            Endpoint("DELETE", ONE, self.delete, needs(Permission.AGENT_DELETE)),
            Endpoint("GET", ONE + "/prompts", self.prompts, read),
            Endpoint("PATCH", ONE + "/prompts", self.change_prompts, write),
            Endpoint("GET", ONE + "/secrets", self.secrets, needs(Permission.SECRET_READ)),
            Endpoint("PUT", ONE + "/secrets", self.set_secrets, secret),
            Endpoint("DELETE", ONE + "/secrets/{key}", self.delete_secret, secret),
            Endpoint("POST", ONE + "/api-key", self.make_key, key),
            Endpoint("DELETE", ONE + "/api-key", self.remove_key, key),
        )

    async def models(self, _: Call) -> Response:
        """List the providers of the installation."""
        found = {
            entry.name: {"provider": model.OPENAI, "source": "installation", "models": []}
            for entry in self._agents.installation_models
        }
        return _json({"providers": found})

    async def index(self, _: Call) -> Response:
        """List the agents."""
        return _json({"instances": [_dto(agent) for agent in await self._agents.all()]})

    async def create(self, call: Call) -> Response:
        """Create an agent."""
        created = await self._agents.create(await call.model(model.NewAgent), _actor(call))
        return _json({"instance": _dto(created)}, CREATED)

    async def show(self, call: Call) -> Response:
        """Show an agent."""
        return _json({"instance": _dto(await self._agents.by_slug(call.path("slug")))})

    async def change(self, call: Call) -> Response:
        """Change an agent."""
        change = await call.model(model.AgentChange)
        changed = await self._agents.change(call.path("slug"), change, _actor(call))
        return _json({"instance": _dto(changed)})

    async def delete(self, call: Call) -> Response:
        """Delete an agent."""
        await self._agents.delete(call.path("slug"), _actor(call))
        return _json({"deleted": True})

    async def prompts(self, call: Call) -> Response:
        """Show the prompt sections."""
        return _prompts(await self._agents.sections(call.path("slug")))

    async def change_prompts(self, call: Call) -> Response:
        """Replace some prompt sections."""
        change = await call.model(model.PromptChange)
        return _prompts(await self._agents.set_sections(call.path("slug"), change, _actor(call)))

    async def secrets(self, call: Call) -> Response:
        """List the names of the secrets."""
        return _secrets(await self._agents.secret_keys(call.path("slug")))

    async def set_secrets(self, call: Call) -> Response:
        """Store secrets."""
        change = await call.model(model.SecretChange)
        return _secrets(await self._agents.set_secrets(call.path("slug"), change, _actor(call)))

    async def delete_secret(self, call: Call) -> Response:
        """Delete a secret."""
        await self._agents.delete_secret(call.path("slug"), call.path("key"), _actor(call))
        return _json({"deleted": True})

    async def make_key(self, call: Call) -> Response:
        """Make a new API key and show it, this once."""
        token = await self._agents.make_key(call.path("slug"), _actor(call))
        response = _json({"apiKey": token}, CREATED)
        response.headers["cache-control"] = "no-store"
        return response

    async def remove_key(self, call: Call) -> Response:
        """End the API key."""
        await self._agents.remove_key(call.path("slug"), _actor(call))
        return Response(status_code=NO_CONTENT)


def _actor(call: Call) -> Actor:
    return Actor(user_id=call.session.user_id, client_address=call.client_address)


def _dto(agent: model.Agent) -> dict[str, Any]:
    return {
        "id": str(agent.id),
        "slug": agent.slug,
        "name": agent.name,
        "description": agent.description,
        "status": agent.status,
        "provider": agent.provider,
        "model": agent.model,
        "authEnabled": agent.auth_enabled,
        "hasApiKey": agent.has_api_key,
        "memoryEnabled": agent.memory_enabled,
        "knowledgeEnabled": agent.knowledge_enabled,
        "createdAt": agent.created_at.isoformat(),
        "updatedAt": agent.updated_at.isoformat(),
    }


def _prompts(sections: Mapping[str, str]) -> Response:
    found = [
        {"key": key, "filename": f"{key}.md", "title": model.SECTIONS[key], "content": content}
        for key, content in sections.items()
    ]
    return _json({"prompts": found})


def _secrets(keys: Sequence[str]) -> Response:
    return _json({"secrets": [{"key": key, "configured": True} for key in keys]})


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")

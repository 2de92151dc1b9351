"""One agent: its settings, who may call it, and its end."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from polyant_web.engine.models import Agent
from polyant_web.pages import own_key, validation
from polyant_web.pages.validation import Complaints
from polyant_web.pages.visit import Visit

FIELDS = ("name", "description", "status", "provider", "model")


async def show(visit: Visit) -> Response:
    """Show the agent's page."""
    agent = await visit.engine.agent(visit.slug())
    return await _page(visit, agent, _values(agent))


async def save(visit: Visit) -> Response:
    """Change what was entered in the general form; an emptied optional field is cleared."""
    entered = visit.entered(*FIELDS)
    try:
        agent = await visit.engine.update_agent(visit.slug(), _changes(entered))
    except validation.ENTERED_WRONGLY as error:
        agent = await visit.engine.agent(visit.slug())
        return await _page(visit, agent, entered, validation.sort(error, FIELDS))
    return visit.go(f"/agents/{agent.slug}?saved=1")


async def create_api_key(visit: Visit) -> Response:
    """Make a key and show it this one time, in the element with the id `api-key`."""
    key = await visit.engine.create_api_key(visit.slug())
    agent = await visit.engine.agent(visit.slug())
    return await _access(visit, agent, api_key=key)


async def revoke_api_key(visit: Visit) -> Response:
    """Remove the key."""
    await visit.engine.revoke_api_key(visit.slug())
    return await _access(visit, await visit.engine.agent(visit.slug()))


async def set_access(visit: Visit) -> Response:
    """Open or close the agent's API for callers without a key."""
    wanted = visit.form.get("access", "")
    if wanted not in {"open", "closed"}:
        raise HTTPException(400)
    agent = await visit.engine.update_agent(visit.slug(), {"authEnabled": wanted == "closed"})
    return await _access(visit, agent)


async def confirm_delete(visit: Visit) -> Response:
    """Ask before deleting."""
    return visit.page(
        "agent_delete.html", agent=await visit.engine.agent(visit.slug()), wrong=False
    )


async def delete(visit: Visit) -> Response:
    """Delete the agent if its slug was typed to confirm."""
    if visit.form.get("confirm", "").strip() != visit.slug():
        agent = await visit.engine.agent(visit.slug())
        return visit.page("agent_delete.html", 422, agent=agent, wrong=True)
    await visit.engine.delete_agent(visit.slug())
    return visit.go("/agents?deleted=1")


async def _access(visit: Visit, agent: Agent, api_key: str | None = None) -> Response:
    if not visit.is_partial:
        return await _page(visit, agent, _values(agent), api_key=api_key)
    api_url = visit.panel.public_api_url
    return visit.page("parts/access.html", agent=agent, api_key=api_key, api_url=api_url)


async def _page(
    visit: Visit,
    agent: Agent,
    entered: Mapping[str, str],
    complaints: Complaints = validation.NONE,
    *,
    api_key: str | None = None,
) -> Response:
    providers, has_own_key = await asyncio.gather(visit.engine.providers(), own_key.is_set(visit))
    query = visit.request.query_params
    return visit.page(
        "agent.html",
        200 if complaints is validation.NONE else 422,
        agent=agent,
        entered=entered,
        complaints=complaints,
        providers=providers,
        has_own_key=has_own_key,
        api_key=api_key,
        api_url=visit.panel.public_api_url,
        done="created" if "created" in query else "saved" if "saved" in query else "",
    )


def _values(agent: Agent) -> dict[str, str]:
    return {
        "name": agent.name,
        "description": agent.description or "",
        "status": agent.status,
        "provider": agent.provider or "",
        "model": agent.model or "",
    }


def _changes(entered: Mapping[str, str]) -> dict[str, Any]:
    optional = ("description", "provider", "model")
    return {name: (value or None) if name in optional else value for name, value in entered.items()}

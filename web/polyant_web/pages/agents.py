"""The list of agents, and the form that creates one.

The form posts to `/agents` with the fields `slug`, `name`, `description`, `provider`, `model`,
`csrf`. Success leads to the page of the new agent; otherwise the form comes back with what was
entered and a message at each wrong field.
"""

import asyncio
from collections.abc import Mapping

from starlette.responses import Response

from polyant_web.engine.models import Provider
from polyant_web.pages import validation
from polyant_web.pages.validation import Complaints
from polyant_web.pages.visit import Visit

FIELDS = ("slug", "name", "description", "provider", "model")


async def show(visit: Visit) -> Response:
    """Show every agent."""
    agents, providers = await asyncio.gather(visit.engine.agents(), visit.engine.providers())
    deleted = "deleted" in visit.request.query_params
    return visit.page("agents.html", agents=agents, providers=providers, deleted=deleted)


async def new(visit: Visit) -> Response:
    """Show the form with nothing entered yet."""
    providers = await visit.engine.providers()
    return _form(visit, _suggested(providers), providers)


async def create(visit: Visit) -> Response:
    """Create the agent."""
    entered = visit.entered(*FIELDS)
    try:
        agent = await visit.engine.create_agent({k: v for k, v in entered.items() if v})
    except validation.ENTERED_WRONGLY as error:
        complaints = validation.sort(error, FIELDS, conflict="slug")
        return _form(visit, entered, await visit.engine.providers(), complaints)
    return visit.go(f"/agents/{agent.slug}?created=1")


def _suggested(providers: tuple[Provider, ...]) -> Mapping[str, str]:
    """Where there is no choice, make it."""
    values = dict.fromkeys(FIELDS, "")
    if len(providers) == 1:
        values["provider"] = providers[0].name
        values["model"] = providers[0].models[0] if len(providers[0].models) == 1 else ""
    return values


def _form(
    visit: Visit,
    entered: Mapping[str, str],
    providers: tuple[Provider, ...],
    complaints: Complaints = validation.NONE,
) -> Response:
    status = 200 if complaints is validation.NONE else 422
    return visit.page(
        "agent_new.html", status, entered=entered, complaints=complaints, providers=providers
    )

"""An agent's own key at OpenAI, for agents that use none of the installation's providers."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from polyant_web.engine.errors import Forbidden
from polyant_web.pages.visit import Visit

SECRET = "openai_api_key"  # noqa: S105 - the engine's name of the secret
PROVIDER = "openai"  # the provider that uses it


async def is_set(visit: Visit) -> bool | None:
    """Whether the agent has its own key; None when this person may not know."""
    try:
        return SECRET in await visit.engine.secrets(visit.slug())
    except Forbidden:
        return None


async def save(visit: Visit) -> Response:
    """Store the key."""
    key = visit.form.get("own_key", "").strip()
    if not key:
        raise HTTPException(400)
    await visit.engine.set_secret(visit.slug(), SECRET, key)
    return visit.go(f"/agents/{visit.slug()}?saved=1")


async def remove(visit: Visit) -> Response:
    """Remove the key."""
    await visit.engine.delete_secret(visit.slug(), SECRET)
    return visit.go(f"/agents/{visit.slug()}?saved=1")

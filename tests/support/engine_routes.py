"""The routes the engine really serves, without a database: its pool connects when it is used."""

import asyncio
import re
from functools import cache

from polyant_engine import asgi, settings
from polyant_engine.core.routing import Audience, Endpoint
from support import recipes

# On a port of their own, which no edge knows.
OPERATIONS = {"/metrics", "/livez", "/readyz"}
NEEDED = ("AUTH_INTERNAL_SECRET", "AUTH_SECRET", "DATABASE_URL", "ENCRYPTION_KEY")


def public_paths() -> tuple[str, ...]:
    """Give the paths that API clients and webhooks may ask for."""
    return tuple(
        _example(endpoint.path)
        for endpoint in endpoints()
        if endpoint.access.audience is not Audience.INTERNAL and endpoint.path not in OPERATIONS
    )


def internal_paths() -> tuple[str, ...]:
    """Give the paths of the internal port alone."""
    return tuple(
        _example(endpoint.path)
        for endpoint in endpoints()
        if endpoint.access.audience is Audience.INTERNAL
    )


@cache
def endpoints() -> tuple[Endpoint, ...]:
    async def collected() -> tuple[Endpoint, ...]:
        environ = {name: recipes.SAMPLES[name] for name in NEEDED}
        async with asgi.opened(settings.load(environ)) as engine:
            return engine.endpoints

    with asyncio.Runner() as runner:
        return runner.run(collected())


def _example(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "example", path)

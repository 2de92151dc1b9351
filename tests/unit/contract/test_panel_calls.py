"""The panel's scripted engine serves nothing that the real one does not, in the same words."""

import re
import uuid
from datetime import UTC, datetime

from starlette.routing import Route

from polyant_engine.accounts.model import User
from polyant_engine.agents.model import Agent
from polyant_engine.agents.routes import _dto as shown
from polyant_engine.core.permissions import Role
from polyant_engine.core.routing import Endpoint
from support import engine_routes
from support.fake_engine import ADMIN, FakeEngine

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def plain(method: str, path: str) -> tuple[str, str]:
    """Give a route without the names of its parameters."""
    return method, re.sub(r"\{[^}]+\}", "{}", path)


def scripted() -> set[tuple[str, str]]:
    routes = [route for route in FakeEngine().app.routes if isinstance(route, Route)]
    return {
        plain(method, route.path)
        for route in routes
        for method in route.methods or ()
        if method != "HEAD"
    }


def real() -> dict[tuple[str, str], Endpoint]:
    return {plain(found.method, found.path): found for found in engine_routes.endpoints()}


def test_every_scripted_route_is_a_real_one() -> None:
    assert scripted() - set(real()) == set()


def test_the_same_routes_are_internal() -> None:
    internal = {plain("", path)[1] for path in engine_routes.internal_paths()}

    assert {path for _, path in scripted() if path.startswith("/api/auth")} == internal


def test_an_agent_has_the_same_fields() -> None:
    agent = Agent(
        id=uuid.UUID(int=1),
        slug="first",
        name="First",
        description=None,
        status="active",
        provider="main",
        model="scripted",
        auth_enabled=True,
        has_api_key=False,
        memory_enabled=False,
        knowledge_enabled=False,
        created_at=NOW,
        updated_at=NOW,
    )

    assert FakeEngine().add_agent("first").keys() == shown(agent).keys()


def test_a_person_has_the_same_fields() -> None:
    user = User(
        id=uuid.UUID(int=1),
        email=ADMIN,
        name="Ada",
        role=Role.ADMIN,
        must_change_password=False,
        created_at=NOW,
        updated_at=NOW,
    )

    assert FakeEngine().people[ADMIN].document().keys() == user.wire().keys()

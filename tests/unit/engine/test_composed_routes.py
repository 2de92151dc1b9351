"""Every route of the composed engine says who may call it, and means it."""

import re

import pytest

from polyant_engine import asgi, settings
from polyant_engine.core.permissions import GRANTS, Permission, Role
from polyant_engine.core.routing import Audience, Endpoint
from support.asgi import request
from support.engine_routes import OPERATIONS, endpoints

PUBLIC = {"/health", *OPERATIONS}
WEBHOOKS = "/webhooks/"  # each verifies who calls, as its reason says
ENVIRON = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "ENCRYPTION_KEY": "ab" * 32,
    "AUTH_SECRET": "s" * 32,
    "AUTH_INTERNAL_SECRET": "i" * 16,
    "INTERNAL_PORT": "4001",
}


def of(*audiences: Audience) -> list[Endpoint]:
    return [endpoint for endpoint in endpoints() if endpoint.access.audience in audiences]


def named(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def test_there_are_routes_of_every_kind() -> None:
    assert {endpoint.access.audience for endpoint in endpoints()} == set(Audience)


def test_only_the_listed_routes_are_open_to_everybody() -> None:
    paths = {endpoint.path for endpoint in of(Audience.PUBLIC)}

    assert {path for path in paths if not path.startswith(WEBHOOKS)} == PUBLIC


def test_webhooks_are_open_to_whoever_signs_and_gone_with_the_channels() -> None:
    webhooks = [endpoint for endpoint in endpoints() if endpoint.path.startswith(WEBHOOKS)]

    assert webhooks
    assert {endpoint.access.audience for endpoint in webhooks} == {Audience.PUBLIC}
    assert all("verifies" in endpoint.access.reason for endpoint in webhooks)


async def test_without_channels_nobody_may_call() -> None:
    environ = {**ENVIRON, "CHANNELS_ENABLED": "false"}
    async with asgi.opened(settings.load(environ)) as engine:
        served = [endpoint for endpoint in engine.endpoints if endpoint.path.startswith(WEBHOOKS)]

        assert engine.channels is None
    assert served == []


def test_every_open_route_gives_a_reason() -> None:
    assert all(endpoint.access.reason for endpoint in of(Audience.PUBLIC))


def test_every_other_route_names_a_permission_that_some_role_holds() -> None:
    granted = GRANTS[Role.SUPERADMIN]

    for endpoint in of(Audience.SESSION, Audience.DEFERRED):
        assert endpoint.access.permission in granted, named(endpoint)


def test_internal_routes_are_exactly_those_under_the_guarded_path() -> None:
    internal = {named(endpoint) for endpoint in of(Audience.INTERNAL)}

    assert internal == {named(e) for e in endpoints() if e.path.startswith("/api/auth")}


def test_only_the_own_account_is_reachable_before_the_first_password_is_changed() -> None:
    early = {named(e) for e in endpoints() if e.access.before_password_change}

    assert early == {"POST /api/me/password"}


@pytest.mark.parametrize("endpoint", of(Audience.SESSION), ids=named)
async def test_nobody_gets_in_without_a_credential(endpoint: Endpoint) -> None:
    path = re.sub(r"\{[^}]+\}", "x", endpoint.path)
    async with asgi.opened(settings.load(ENVIRON)) as engine:
        answer = await request(engine.main, endpoint.method, path, body=b"{}")

    assert answer.status == 401


@pytest.mark.parametrize("endpoint", of(Audience.DEFERRED), ids=named)
async def test_a_route_that_verifies_callers_itself_needs_the_database_to_let_one_in(
    endpoint: Endpoint,
) -> None:
    """An agent may be open on purpose, which only the database knows; here there is none."""
    body = b'{"model": "x", "messages": [{"role": "user", "content": "x"}]}'
    async with asgi.opened(settings.load(ENVIRON)) as engine:
        answer = await request(engine.main, endpoint.method, endpoint.path, body=body)

    assert answer.status in {401, 503}


@pytest.mark.parametrize("endpoint", of(Audience.INTERNAL), ids=named)
async def test_internal_routes_do_not_exist_on_the_main_port(endpoint: Endpoint) -> None:
    headers = {"x-internal-auth": ENVIRON["AUTH_INTERNAL_SECRET"]}
    async with asgi.opened(settings.load(ENVIRON)) as engine:
        answer = await request(engine.main, endpoint.method, endpoint.path, headers=headers)

    assert answer.status == 404


@pytest.mark.parametrize("endpoint", of(Audience.INTERNAL), ids=named)
async def test_the_internal_port_wants_the_secret(endpoint: Endpoint) -> None:
    async with asgi.opened(settings.load(ENVIRON)) as engine:
        assert engine.internal is not None
        answer = await request(engine.internal, endpoint.method, endpoint.path)

    assert answer.status == 401


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_use_its_own_account(role: Role) -> None:
    assert Permission.ACCOUNT_OWN in GRANTS[role]

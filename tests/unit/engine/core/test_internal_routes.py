import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from polyant_engine.core import errors
from polyant_engine.core.middleware.internal_routes import Exposure, InternalRoutes, is_internal
from support.asgi import request, scope

SPELLINGS = [
    "/api/auth",
    "/api/auth/",
    "/api/auth/credentials/verify",
    "/api/auth%2Fcredentials/verify",
    "/api/auth%2fcredentials%2fverify",
    "/api%2Fauth/session",
    "/api%252Fauth/session",
    "/%61pi/%61uth/session",
    "//api//auth//session",
    "/API/Auth/session",
    "/./api/./auth/session",
    "/x/../api/auth/session",
    "/api/instances/../auth/session",
    "/api/instances/%2e%2e/auth/session",
    "/api/instances/%252e%252e/auth/session",
    "/api\\auth\\session",
    "/api%5Cauth/session",
    "/api;a=b/auth;c=d/session",
    "/api/auth%00/session",
    "/api/auth%3Fx/session",
    "/api/auth%23x/session",
    "/api/auth%20/session",
    "/../api/auth/session",
]
OTHERS = ["/api", "/api/authors", "/api/me", "/v1/auth", "/", "/api/instances/auth", "/apiauth"]


async def everything(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("path", SPELLINGS)
def test_every_spelling_is_internal(path: str) -> None:
    assert is_internal(scope("GET", path))


@pytest.mark.parametrize("path", OTHERS)
def test_other_paths_are_not(path: str) -> None:
    assert not is_internal(scope("GET", path))


@pytest.mark.parametrize("path", SPELLINGS)
async def test_the_main_port_hides_every_spelling(path: str) -> None:
    with pytest.raises(errors.NotFound):
        await request(InternalRoutes(everything, Exposure.HIDDEN), "GET", path)


@pytest.mark.parametrize(
    "header",
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"],
)
async def test_without_an_internal_port_proxied_requests_are_refused(header: str) -> None:
    app = InternalRoutes(everything, Exposure.DIRECT_ONLY)

    with pytest.raises(errors.NotFound):
        await request(app, "POST", "/api/auth/credentials/verify", headers={header: "x"})


async def test_without_an_internal_port_direct_requests_are_served() -> None:
    app = InternalRoutes(everything, Exposure.DIRECT_ONLY)

    assert (await request(app, "POST", "/api/auth/credentials/verify")).status == 200


async def test_the_internal_port_serves_them() -> None:
    app = InternalRoutes(everything, Exposure.OPEN)

    assert (await request(app, "POST", "/api/auth/session", headers={"via": "x"})).status == 200


@given(st.text(alphabet="%25eE2Ff./\\aApPiIuUtThH;", max_size=40))
def test_a_path_that_the_router_would_take_for_internal_never_passes(tail: str) -> None:
    found = scope("GET", "/api/auth/" + tail)

    assert is_internal(found) or ".." in found["path"].replace("%2e", ".").replace("%2E", ".")

"""Cookies over https and over plain http."""

import pytest

from support.fake_engine import ADMIN, PASSWORD, FakeEngine
from support.panel import Visitor

HTTPS = {"x-forwarded-proto": "https"}


async def test_over_https_the_session_cannot_leave_this_host(engine: FakeEngine) -> None:
    visitor = Visitor(engine, AUTH_TRUST_HOST="true")
    page = await visitor.open("/signin", **HTTPS)
    cookie = page.headers["set-cookie"].split(";")[0]

    form = {"email": ADMIN, "password": PASSWORD}
    answer = await visitor.send("/signin", form, cookie=cookie, **HTTPS)

    kept = answer.headers["set-cookie"]
    assert kept.startswith("__Host-polyant_session=ps_")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(kept.split("; "))
    assert "Domain" not in kept


async def test_over_https_a_cookie_without_the_prefix_is_not_read(engine: FakeEngine) -> None:
    visitor = Visitor(engine, AUTH_TRUST_HOST="true")
    cookie = f"polyant_session={engine.sign_in()}"

    answer = await visitor.open("/agents", cookie=cookie, **HTTPS)

    assert answer.headers["location"].startswith("/signin")


async def test_https_of_an_untrusted_header_makes_no_secure_cookie(engine: FakeEngine) -> None:
    answer = await Visitor(engine).open("/signin", **HTTPS)

    assert answer.headers["set-cookie"].startswith("polyant_visitor=")
    assert "Secure" not in answer.headers["set-cookie"]
    assert "strict-transport-security" not in answer.headers


async def test_over_https_browsers_are_told_to_stay_there(engine: FakeEngine) -> None:
    answer = await Visitor(engine, AUTH_TRUST_HOST="true").open("/signin", **HTTPS)

    assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("value", ["x", "ps_" + "a" * 600, "ps_bad value", 'ps_"quoted"'])
async def test_a_session_that_no_engine_would_mint_never_reaches_it(
    engine: FakeEngine, value: str
) -> None:
    answer = await Visitor(engine).open("/agents", cookie=f"polyant_session={value}")

    assert answer.status_code == 303
    assert not engine.calls


async def test_a_dead_session_is_dropped_and_leads_to_sign_in(visitor: Visitor) -> None:
    await visitor.sign_in()
    visitor.engine.sessions.clear()

    answer = await visitor.open("/agents")

    assert answer.headers["location"] == "/signin?next=/agents"
    assert "polyant_session" not in visitor.http.cookies


async def test_a_panel_that_people_reach_by_https_makes_secure_cookies_whatever_a_proxy_says(
    engine: FakeEngine,
) -> None:
    visitor = Visitor(engine, AUTH_TRUST_HOST="true", AUTH_URL="https://panel.test")

    answer = await visitor.open("/signin", **{"x-forwarded-proto": "http"})

    assert answer.headers["set-cookie"].startswith("__Host-polyant_visitor=")

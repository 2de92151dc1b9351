"""Signing in and out."""

from support.fake_engine import ADMIN, PASSWORD, FakeEngine, Person
from support.panel import Visitor


async def test_right_password_leads_to_agents_with_a_session(visitor: Visitor) -> None:
    answer = await visitor.sign_in()

    assert (answer.status_code, answer.headers["location"]) == (303, "/agents")
    assert visitor.http.cookies["polyant_session"] in visitor.engine.sessions


async def test_session_cookie_is_closed_to_scripts_and_other_sites(visitor: Visitor) -> None:
    answer = await visitor.sign_in()

    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


async def test_wrong_password_and_unknown_address_read_the_same(visitor: Visitor) -> None:
    wrong = await visitor.sign_in(password="wrong")
    unknown = await visitor.sign_in(email="nobody@example.com")

    assert wrong.status_code == unknown.status_code == 401
    text = "E-mail address or password is wrong."
    assert text in wrong.text
    assert text in unknown.text


async def test_the_address_stays_and_the_password_does_not(visitor: Visitor) -> None:
    answer = await visitor.sign_in(password="not-the-right-one")

    assert f'value="{ADMIN}"' in answer.text
    assert "not-the-right-one" not in answer.text


async def test_too_many_tries_say_how_long_to_wait(visitor: Visitor) -> None:
    visitor.engine.throttled = True

    answer = await visitor.sign_in()

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "120")
    assert "about 2 minutes" in answer.text


async def test_engine_away_is_a_calm_page(visitor: Visitor) -> None:
    await visitor.open("/signin")
    visitor.line.away = True

    answer = await visitor.send("/signin", {"email": ADMIN, "password": PASSWORD})

    assert answer.status_code == 503
    assert "The engine is not answering" in answer.text


async def test_sign_in_page_opens_without_the_engine(visitor: Visitor) -> None:
    visitor.line.away = True

    assert (await visitor.open("/signin")).status_code == 200


async def test_expired_password_leads_to_the_password_page(engine: FakeEngine) -> None:
    engine.people["new@example.com"] = Person("new@example.com", "handed-out", must_change=True)

    answer = await Visitor(engine).sign_in("new@example.com", "handed-out")

    assert answer.headers["location"] == "/password"


async def test_next_leads_to_the_wanted_page(visitor: Visitor) -> None:
    await visitor.open("/signin?next=/agents/new")

    form = {"email": ADMIN, "password": PASSWORD, "next": "/agents/new"}
    answer = await visitor.send("/signin", form)

    assert answer.headers["location"] == "/agents/new"


async def test_signing_in_again_ends_the_former_session(visitor: Visitor) -> None:
    await visitor.sign_in()
    former = visitor.http.cookies["polyant_session"]

    await visitor.send("/signin", {"email": ADMIN, "password": PASSWORD})

    assert former not in visitor.engine.sessions


async def test_sign_out_ends_the_session_here_and_in_the_engine(visitor: Visitor) -> None:
    await visitor.sign_in()

    answer = await visitor.send("/signout")

    assert answer.headers["location"] == "/signin"
    assert not visitor.engine.sessions
    assert "polyant_session" not in visitor.http.cookies


async def test_the_engine_learns_the_address_of_the_browser_once(engine: FakeEngine) -> None:
    visitor = Visitor(engine, AUTH_TRUST_HOST="true", TRUST_PROXY="1")
    await visitor.open("/signin")

    headers = {"x-forwarded-for": "6.6.6.6, 203.0.113.7"}
    await visitor.send("/signin", {"email": ADMIN, "password": "x"}, **headers)

    assert engine.headers[-1]["x-client-address"] == "203.0.113.7"
    assert not [name for name in engine.headers[-1] if name.startswith("x-forwarded")]

"""The gate: everything is closed unless a page says otherwise."""

import pytest

from polyant_web.pages import table
from polyant_web.pages.page import Access, Page
from support.fake_engine import FakeEngine, Person
from support.panel import Visitor

PUBLIC = {
    ("GET", "/signin"),
    ("POST", "/signin"),
    ("GET", "/signin/google"),
    ("GET", "/api/auth/callback/google"),
    ("POST", "/signout"),
    ("POST", "/theme"),
}
CATCH_ALL = ("GET", "/{path:path}")


def address(page: Page) -> str:
    return page.path.replace("{slug}", "desk").replace("{path:path}", "no/where")


def name(page: Page) -> str:
    return f"{page.method} {page.path}"


def test_public_pages_are_exactly_these() -> None:
    public = {(page.method, page.path) for page in table.PAGES if page.access is Access.PUBLIC}

    assert public == PUBLIC | {CATCH_ALL}


CLOSED = [page for page in table.PAGES if page.access is not Access.PUBLIC]


@pytest.mark.parametrize("page", CLOSED, ids=name)
async def test_a_stranger_sees_no_closed_page_and_no_call_is_made(
    engine: FakeEngine, page: Page
) -> None:
    visitor = Visitor(engine)
    await visitor.open("/signin")

    if page.method == "GET":
        answer = await visitor.open(address(page))
    else:
        answer = await visitor.send(address(page), {"message": "x"})

    if page.scripted:
        assert answer.status_code == 401
    else:
        assert answer.headers["location"].startswith("/signin")
    assert not engine.calls


POSTS = [page for page in table.PAGES if page.method == "POST"]


@pytest.mark.parametrize("page", POSTS, ids=name)
async def test_no_form_is_taken_without_its_token(engine: FakeEngine, page: Page) -> None:
    visitor = Visitor(engine)
    await visitor.sign_in()
    engine.calls.clear()

    answer = await visitor.send(address(page), {"csrf": "forged"})

    assert answer.status_code == 403
    assert not [call for call in engine.calls if call[1] != "/api/auth/session"]


@pytest.mark.parametrize(
    "page", [page for page in CLOSED if page.access is Access.MEMBER], ids=name
)
async def test_an_expired_password_opens_the_password_page_only(
    engine: FakeEngine, page: Page
) -> None:
    engine.people["new@example.com"] = Person("new@example.com", "handed-out", must_change=True)
    visitor = Visitor(engine)
    await visitor.sign_in("new@example.com", "handed-out")

    ask = visitor.open if page.method == "GET" else visitor.send

    assert (await ask(address(page))).headers["location"] == "/password"


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/agents"), ("DELETE", "/agents/desk"), ("POST", "/agents/new")]
)
async def test_a_method_no_page_has_is_405(visitor: Visitor, method: str, path: str) -> None:
    answer = await visitor.http.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/auth/credentials/verify", "/api/instances", "/agents/", "/AGENTS"]
)
async def test_an_unknown_address_is_404_for_everybody(visitor: Visitor, path: str) -> None:
    assert (await visitor.open(path)).status_code == 404
    assert not visitor.engine.calls


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_an_unknown_address_is_404_by_every_method(visitor: Visitor, method: str) -> None:
    answer = await visitor.http.request(method, "/api/auth/credentials/verify")

    assert answer.status_code == 404


async def test_the_first_page_is_the_list_of_agents(visitor: Visitor) -> None:
    await visitor.sign_in()

    assert (await visitor.open("/")).headers["location"] == "/agents"


async def test_head_is_answered_like_get(visitor: Visitor) -> None:
    await visitor.sign_in()

    assert (await visitor.http.head("/agents")).status_code == 200

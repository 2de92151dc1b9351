"""Unsafe requests come from our own pages."""

import pytest
from starlette.datastructures import Headers

from polyant_web.security.origins import Origin
from polyant_web.security.same_origin import judge
from support.panel import Visitor

PLAIN = Origin(scheme="http", hosts=frozenset({"panel.test"}), client_address=None)
STRIPPED = Origin(
    scheme="http", hosts=frozenset({"panel.test", "panel.test:*"}), client_address=None
)
SECURE = Origin(scheme="https", hosts=frozenset({"panel.test"}), client_address=None)


@pytest.mark.parametrize(
    ("site", "own"),
    [("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False)],
)
def test_the_browsers_word_decides(site: str, own: bool) -> None:  # noqa: FBT001 - a column of the table
    assert judge(Headers({"sec-fetch-site": site, "origin": "http://panel.test"}), PLAIN) is own


@pytest.mark.parametrize(
    ("claimed", "own", "expected"),
    [
        ("http://panel.test", PLAIN, True),
        ("https://panel.test", PLAIN, True),
        ("https://panel.test", SECURE, True),
        ("http://panel.test", SECURE, False),
        ("http://panel.test:8080", PLAIN, False),
        ("http://panel.test:8080", STRIPPED, True),
        ("http://evil.test:8080", STRIPPED, False),
        ("http://evil.test", PLAIN, False),
        ("null", PLAIN, False),
        ("http://[", PLAIN, False),
    ],
)
def test_else_the_origin_decides(claimed: str, own: Origin, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    assert judge(Headers({"origin": claimed}), own) is expected


def test_a_client_without_either_is_no_browser() -> None:
    assert judge(Headers({}), PLAIN)


async def test_a_form_of_another_site_is_refused_even_with_a_token(visitor: Visitor) -> None:
    await visitor.sign_in()
    headers = {"sec-fetch-site": "cross-site"}

    answer = await visitor.send("/agents", {"slug": "x", "name": "X"}, **headers)

    assert answer.status_code == 403
    assert not visitor.engine.agents


@pytest.mark.parametrize("token", ["", "wrong", "ä"])
async def test_a_form_without_its_token_is_refused(visitor: Visitor, token: str) -> None:
    await visitor.sign_in()

    answer = await visitor.send("/agents", {"slug": "x", "name": "X", "csrf": token})

    assert (answer.status_code, "This form has expired" in answer.text) == (403, True)
    assert not visitor.engine.agents


async def test_a_token_of_another_session_is_refused(visitor: Visitor) -> None:
    other = Visitor(visitor.engine)
    await other.sign_in()
    await visitor.sign_in()

    answer = await visitor.send("/agents", {"slug": "x", "name": "X", "csrf": other.csrf})

    assert answer.status_code == 403


async def test_a_token_from_before_sign_in_is_refused_after_it(visitor: Visitor) -> None:
    await visitor.open("/signin")
    before = visitor.csrf
    await visitor.sign_in()

    answer = await visitor.send("/agents", {"slug": "x", "name": "X", "csrf": before})

    assert answer.status_code == 403

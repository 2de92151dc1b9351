"""Failures as people see them."""

import logging

import pytest
from starlette.responses import Response

from polyant_web.pages import agents
from polyant_web.pages.visit import Visit
from support.fake_engine import FakeEngine, Person
from support.panel import Visitor


async def test_engine_away_offers_to_try_again_and_keeps_the_session(visitor: Visitor) -> None:
    await visitor.sign_in()
    visitor.line.away = True

    answer = await visitor.open("/agents")

    assert answer.status_code == 503
    assert '<a class="button" href="/agents">Try again</a>' in answer.text
    assert "Sign out" in answer.text
    assert "polyant_session" in visitor.http.cookies


async def test_a_role_that_may_not_is_told_so(engine: FakeEngine) -> None:
    engine.people["v@example.com"] = Person("v@example.com", "long enough", role="viewer")
    visitor = Visitor(engine)
    await visitor.sign_in("v@example.com", "long enough")

    answer = await visitor.send("/agents", {"slug": "x", "name": "X"})

    assert (answer.status_code, "Your role does not allow this" in answer.text) == (403, True)


async def test_an_unknown_agent_is_404(visitor: Visitor) -> None:
    await visitor.sign_in()

    assert (await visitor.open("/agents/nobody")).status_code == 404


async def test_a_failure_greets_the_person(visitor: Visitor) -> None:
    await visitor.sign_in()

    for path in ("/nowhere", "/agents/nobody"):
        assert "Ada Lovelace" in (await visitor.open(path)).text


async def test_an_engine_in_trouble_is_quoted(visitor: Visitor) -> None:
    await visitor.sign_in()
    visitor.engine.failing = 500

    answer = await visitor.open("/agents")

    assert answer.status_code == 502
    assert "scripted failure." in answer.text


async def test_a_bug_shows_a_page_with_the_request_id_and_no_trace(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Visit) -> Response:
        raise ZeroDivisionError("the secret reason")

    await visitor.sign_in()
    monkeypatch.setattr(agents.show, "__code__", broken.__code__)
    with caplog.at_level(logging.ERROR):
        answer = await visitor.open("/agents")

    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert "the secret reason" in caplog.text


async def test_htmx_gets_a_notice_instead_of_a_page(visitor: Visitor) -> None:
    await visitor.sign_in()
    visitor.engine.add_agent("desk")
    visitor.engine.failing = 503

    answer = await visitor.send("/agents/desk/api-key", None, **{"hx-request": "true"})

    assert answer.headers["hx-retarget"] == "#notices"
    assert "<html" not in answer.text

"""Signing in with Google where it needs no Google."""

from support.fake_engine import FakeEngine
from support.panel import Visitor

SETUP = {
    "GOOGLE_CLIENT_ID": "client",
    "GOOGLE_CLIENT_SECRET": "secret",
}


async def test_without_configuration_there_is_no_button_and_no_page(visitor: Visitor) -> None:
    assert "Google" not in (await visitor.open("/signin")).text
    assert (await visitor.open("/signin/google")).status_code == 404
    assert (await visitor.open("/api/auth/callback/google?code=1&state=2")).status_code == 404


async def test_with_it_there_is_a_button_that_remembers_the_page(engine: FakeEngine) -> None:
    page = await Visitor(engine, **SETUP).open("/signin?next=/agents/new")

    assert 'href="/signin/google?next=/agents/new"' in page.text


async def test_an_answer_nobody_asked_for_is_refused(engine: FakeEngine) -> None:
    answer = await Visitor(engine, **SETUP).open("/api/auth/callback/google?code=1&state=2")

    assert answer.status_code == 400
    assert "begun too long ago" in answer.text
    assert not engine.vouched

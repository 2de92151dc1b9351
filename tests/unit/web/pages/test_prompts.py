"""Editing what an agent is told about itself."""

import pytest

from support.fake_engine import MAX_PROMPT, FakeEngine
from support.panel import Visitor


@pytest.fixture
async def desk(engine: FakeEngine) -> Visitor:
    engine.add_agent("desk")
    visitor = Visitor(engine)
    await visitor.sign_in()
    return visitor


async def test_every_section_is_shown(desk: Visitor) -> None:
    text = (await desk.open("/agents/desk/prompts")).text

    assert "You are Desk.</textarea>" in text
    assert 'name="02-soul"' in text


async def test_only_what_changed_is_sent(desk: Visitor) -> None:
    form = {"01-identity": "You are Desk.", "02-soul": "Calm.\r\nKind."}

    answer = await desk.send("/agents/desk/prompts", form)

    assert answer.headers["location"] == "/agents/desk/prompts?saved=1"
    assert desk.engine.sections["02-soul"] == "Calm.\nKind."
    assert desk.engine.calls.count(("PATCH", "/api/instances/desk/prompts")) == 1


async def test_nothing_changed_sends_nothing(desk: Visitor) -> None:
    await desk.send("/agents/desk/prompts", {"01-identity": "You are Desk."})

    assert ("PATCH", "/api/instances/desk/prompts") not in desk.engine.calls


async def test_a_refused_text_is_not_lost(desk: Visitor) -> None:
    answer = await desk.send("/agents/desk/prompts", {"02-soul": "s" * (MAX_PROMPT + 1)})

    assert answer.status_code == 422
    assert "String should be shorter." in answer.text
    assert "s" * (MAX_PROMPT + 1) in answer.text


async def test_a_section_the_engine_does_not_know_is_not_sent(desk: Visitor) -> None:
    await desk.send("/agents/desk/prompts", {"99-made-up": "x"})

    assert "99-made-up" not in desk.engine.sections

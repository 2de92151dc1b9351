"""An agent's own key at OpenAI."""

import pytest

from support.fake_engine import FakeEngine, Person
from support.panel import Visitor


@pytest.fixture
async def desk(engine: FakeEngine) -> Visitor:
    engine.add_agent("desk", provider="openai")
    visitor = Visitor(engine)
    await visitor.sign_in()
    return visitor


async def test_a_missing_key_is_pointed_out(desk: Visitor) -> None:
    assert "this agent cannot answer" in (await desk.open("/agents/desk")).text


async def test_a_stored_key_is_never_shown(desk: Visitor) -> None:
    answer = await desk.send("/agents/desk/own-key", {"own_key": " sk-very-secret "})

    assert answer.headers["location"] == "/agents/desk?saved=1"
    assert desk.engine.secrets == {"openai_api_key": "sk-very-secret"}
    text = (await desk.open("/agents/desk")).text
    assert ("Key stored" in text, "sk-very-secret" in text) == (True, False)


async def test_a_key_is_removed(desk: Visitor) -> None:
    desk.engine.secrets["openai_api_key"] = "x"

    await desk.send("/agents/desk/own-key/remove", {"own_key": ""})

    assert not desk.engine.secrets


async def test_an_empty_key_is_refused(desk: Visitor) -> None:
    assert (await desk.send("/agents/desk/own-key", {"own_key": " "})).status_code == 400


async def test_who_may_not_know_about_secrets_sees_the_page_without(engine: FakeEngine) -> None:
    engine.add_agent("desk", provider="openai")
    engine.people["v@example.com"] = Person("v@example.com", "long enough", role="viewer")
    visitor = Visitor(engine)
    await visitor.sign_in("v@example.com", "long enough")

    answer = await visitor.open("/agents/desk")

    assert (answer.status_code, "Own OpenAI key" in answer.text) == (200, False)

"""The page of one agent."""

import re

import pytest

from support.fake_engine import FakeEngine
from support.panel import Visitor

HTMX = {"hx-request": "true"}


@pytest.fixture
async def desk(engine: FakeEngine) -> Visitor:
    engine.add_agent("desk", description="Helps")
    visitor = Visitor(engine, NEXT_PUBLIC_API_URL="https://api.example.com/")
    await visitor.sign_in()
    return visitor


async def test_the_page_shows_what_the_agent_is(desk: Visitor) -> None:
    text = (await desk.open("/agents/desk")).text

    assert ">Helps</textarea>" in text
    assert "curl https://api.example.com/v1/chat/completions" in text


async def test_changes_are_saved_and_an_emptied_field_is_cleared(desk: Visitor) -> None:
    form = {"name": "Front desk", "description": "", "status": "inactive", "model": "m-2"}

    answer = await desk.send("/agents/desk", {**form, "provider": "main"})

    assert answer.headers["location"] == "/agents/desk?saved=1"
    agent = desk.engine.agents["desk"]
    assert (agent["name"], agent["description"], agent["status"]) == (
        "Front desk",
        None,
        "inactive",
    )


async def test_a_wrong_change_is_marked(desk: Visitor) -> None:
    answer = await desk.send("/agents/desk", {"name": "", "status": "active"})

    assert answer.status_code == 422
    assert 'id="name-error">String should have at least 1 character.' in answer.text


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_a_new_key_is_shown_once(desk: Visitor, headers: dict[str, str]) -> None:
    answer = await desk.send("/agents/desk/api-key", None, **headers)

    found = re.search(r'id="api-key">(pk_[^<]+)<', answer.text)
    assert found
    assert found.group(1) not in (await desk.open("/agents/desk")).text
    assert ("<html" in answer.text) is (not headers)


async def test_a_key_is_revoked(desk: Visitor) -> None:
    await desk.send("/agents/desk/api-key")

    answer = await desk.send("/agents/desk/api-key/revoke")

    assert "API closed" in answer.text
    assert desk.engine.agents["desk"]["hasApiKey"] is False


async def test_the_api_is_opened_and_closed_on_purpose(desk: Visitor) -> None:
    opened = await desk.send("/agents/desk/access", {"access": "open"})
    assert "API open to everybody" in opened.text

    await desk.send("/agents/desk/access", {"access": "closed"})

    assert desk.engine.agents["desk"]["authEnabled"] is True


async def test_anything_else_than_open_or_closed_is_refused(desk: Visitor) -> None:
    assert (await desk.send("/agents/desk/access", {"access": "maybe"})).status_code == 400


async def test_deleting_needs_the_slug(desk: Visitor) -> None:
    wrong = await desk.send("/agents/desk/delete", {"confirm": "desks"})
    assert (wrong.status_code, "desk" in desk.engine.agents) == (422, True)

    answer = await desk.send("/agents/desk/delete", {"confirm": "desk"})

    assert answer.headers["location"] == "/agents?deleted=1"
    assert desk.engine.agents == {}


async def test_an_address_with_a_slash_in_the_slug_asks_for_that_slug(desk: Visitor) -> None:
    await desk.open("/agents/a%20b")

    assert desk.engine.calls[-1] == ("GET", "/api/instances/a b")

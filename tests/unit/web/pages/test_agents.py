"""The list of agents and the form that creates one."""

from support.fake_engine import FakeEngine
from support.panel import Visitor


async def test_without_agents_the_list_invites_to_create_one(visitor: Visitor) -> None:
    await visitor.sign_in()

    assert "No agents yet" in (await visitor.open("/agents")).text


async def test_agents_are_listed_by_name(visitor: Visitor) -> None:
    visitor.engine.add_agent("zebra", name="apple")
    visitor.engine.add_agent("aardvark", name="Banana")
    await visitor.sign_in()

    text = (await visitor.open("/agents")).text

    assert 0 < text.index(">apple</a>") < text.index(">Banana</a>")


async def test_names_are_escaped(visitor: Visitor) -> None:
    visitor.engine.add_agent("x", name="<script>alert(1)</script>")
    await visitor.sign_in()

    text = (await visitor.open("/agents")).text

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


async def test_without_a_provider_the_way_to_one_is_shown(engine: FakeEngine) -> None:
    engine.providers = {}
    visitor = Visitor(engine)
    await visitor.sign_in()

    assert "No model provider is set up" in (await visitor.open("/agents")).text


async def test_the_only_provider_is_chosen(visitor: Visitor) -> None:
    await visitor.sign_in()

    text = (await visitor.open("/agents/new")).text

    assert '<option value="main" selected>' in text
    assert 'name="model" value="scripted"' in text


async def test_a_created_agent_is_shown(visitor: Visitor) -> None:
    await visitor.sign_in()
    form = {"slug": "desk", "name": "Desk", "description": "", "provider": "main", "model": "m-1"}

    answer = await visitor.send("/agents", form)

    assert answer.headers["location"] == "/agents/desk?created=1"
    made = visitor.engine.agents["desk"]
    assert (made["name"], made["provider"], made["model"]) == ("Desk", "main", "m-1")
    assert made["description"] is None  # empty is left out, not sent as ""


async def test_a_wrong_slug_is_marked_and_what_was_entered_stays(visitor: Visitor) -> None:
    await visitor.sign_in()

    answer = await visitor.send("/agents", {"slug": "No good!", "name": 'My "desk"'})

    assert answer.status_code == 422
    assert 'id="slug-error">This is not in the expected form.' in answer.text
    assert 'value="My &#34;desk&#34;"' in answer.text
    assert 'value="No good!"' in answer.text


async def test_a_taken_slug_is_marked_at_the_slug(visitor: Visitor) -> None:
    visitor.engine.add_agent("desk")
    await visitor.sign_in()

    answer = await visitor.send("/agents", {"slug": "desk", "name": "Desk"})

    assert answer.status_code == 422
    assert (
        'id="slug-error">Another agent has the slug &#39;desk&#39;; choose a different one.'
        in answer.text
    )

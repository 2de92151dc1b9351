"""Choosing a new password."""

from support.fake_engine import ADMIN, PASSWORD, FakeEngine, Person
from support.panel import Visitor


async def newcomer(engine: FakeEngine) -> Visitor:
    engine.people["new@example.com"] = Person("new@example.com", "handed-out", must_change=True)
    visitor = Visitor(engine)
    await visitor.sign_in("new@example.com", "handed-out")
    return visitor


async def test_the_forced_page_asks_for_the_new_one_only(engine: FakeEngine) -> None:
    text = (await (await newcomer(engine)).open("/password")).text

    assert "Choose your own password" in text
    assert 'name="current_password"' not in text


async def test_a_new_password_opens_the_panel(engine: FakeEngine) -> None:
    visitor = await newcomer(engine)

    answer = await visitor.send(
        "/password", {"current_password": "handed-out", "new_password": "my own one"}
    )

    assert answer.headers["location"] == "/agents"
    assert (await visitor.open("/agents")).status_code == 200


async def test_a_poor_password_is_marked(engine: FakeEngine) -> None:
    visitor = await newcomer(engine)

    answer = await visitor.send("/password", {"new_password": "short"})

    assert answer.status_code == 422
    assert 'id="new_password-error"' in answer.text
    assert "short" not in answer.text.replace("shortly", "")


async def test_a_wrong_current_password_is_marked(visitor: Visitor) -> None:
    await visitor.sign_in()

    answer = await visitor.send(
        "/password", {"current_password": "nope", "new_password": "a better one"}
    )

    assert 'id="current_password-error"' in answer.text
    assert visitor.engine.people[ADMIN].password == PASSWORD


async def test_a_changed_password_is_confirmed(visitor: Visitor) -> None:
    await visitor.sign_in()

    answer = await visitor.send(
        "/password", {"current_password": PASSWORD, "new_password": "a better one"}
    )

    assert answer.headers["location"] == "/password?saved=1"
    assert "has been changed" in (await visitor.open("/password?saved=1")).text

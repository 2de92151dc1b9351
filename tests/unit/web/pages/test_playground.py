"""Talking to an agent."""

import pytest

from support.fake_engine import FakeEngine
from support.panel import Visitor

CHAT = "c" * 32


@pytest.fixture
async def talk(engine: FakeEngine) -> Visitor:
    engine.add_agent("desk")
    visitor = Visitor(engine)
    await visitor.sign_in()
    return visitor


async def test_with_one_agent_there_is_nothing_to_choose(talk: Visitor) -> None:
    assert (await talk.open("/playground")).headers["location"] == "/playground/desk"


async def test_inactive_agents_are_not_offered(talk: Visitor) -> None:
    talk.engine.add_agent("sleeper", status="inactive")
    talk.engine.add_agent("other")

    text = (await talk.open("/playground")).text

    assert "/playground/other" in text
    assert "/playground/sleeper" not in text


async def test_an_answer_is_relayed_as_events(talk: Visitor) -> None:
    answer = await talk.send("/playground/desk/stream", {"message": "hi", "chat_id": CHAT})

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text.rstrip().endswith("data: [DONE]")
    asked = talk.engine.questions[-1]
    assert (asked["model"], asked["chat_id"], asked["stream"]) == ("desk", CHAT, True)
    assert asked["messages"] == [{"role": "user", "content": "hi"}]


async def test_a_refusal_before_the_stream_is_json_with_its_reason(talk: Visitor) -> None:
    answer = await talk.send("/playground/desk/stream", {"message": "fail", "chat_id": CHAT})

    assert answer.status_code == 502
    message = answer.json()["error"]["message"]
    assert message == "The model provider refused: quota exceeded"


async def test_without_a_script_the_whole_conversation_is_shown(talk: Visitor) -> None:
    before = {"said_0": "first", "answered_0": "<b>one</b>"}

    answer = await talk.send("/playground/desk", {"message": "second", "chat_id": CHAT, **before})

    assert "&lt;b&gt;one&lt;/b&gt;" in answer.text
    assert "You said: second" in answer.text
    assert 'name="said_1" value="second"' in answer.text
    assert talk.engine.questions[-1]["messages"] == [{"role": "user", "content": "second"}]


async def test_without_a_script_a_failed_question_is_not_lost(talk: Visitor) -> None:
    answer = await talk.send("/playground/desk", {"message": "fail", "chat_id": CHAT})

    assert "The model provider refused: quota exceeded" in answer.text
    assert ">fail</textarea>" in answer.text


@pytest.mark.parametrize(
    "form",
    [
        {"message": " ", "chat_id": CHAT},
        {"message": "hi", "chat_id": "../x"},
        {"message": "hi"},
        {},
    ],
)
async def test_nonsense_is_refused_before_the_engine_is_asked(
    talk: Visitor, form: dict[str, str]
) -> None:
    answer = await talk.send("/playground/desk/stream", form)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert not talk.engine.questions


async def test_a_session_that_ended_meanwhile_is_told_to_the_script(talk: Visitor) -> None:
    talk.engine.sessions.clear()

    answer = await talk.send("/playground/desk/stream", {"message": "hi", "chat_id": CHAT})

    assert (answer.status_code, "signed out" in answer.json()["error"]["message"]) == (401, True)


async def test_an_unknown_agent_has_no_playground(talk: Visitor) -> None:
    assert (await talk.open("/playground/nobody")).status_code == 404

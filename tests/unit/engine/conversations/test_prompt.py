"""The prompt is the agent's sections, the caller's instructions, history, and the question."""

from datetime import UTC, datetime

from polyant_engine.conversations import prompt
from polyant_engine.gateway.ports import Message

NOW = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
QUESTION = Message(role="user", content="c")


def test_sections_come_in_the_order_of_their_keys() -> None:
    sections = {"02-soul": "kind", "01-identity": "You are A.", "03-tooling": "  "}

    assert prompt.build_system(sections, NOW, "UTC") == "You are A.\n\n---\n\nkind"


def test_the_time_is_filled_in_the_agents_zone() -> None:
    sections = {"08-datetime": "{{datetime}} in {{ timezone }}, {{unknown}}"}

    assert (
        prompt.build_system(sections, NOW, "Europe/Rome")
        == "Wednesday, 2026-11-25 00:30 CET in Europe/Rome, {{unknown}}"
    )


def test_a_prompt_is_put_together_in_order() -> None:
    history = [Message(role="user", content="a"), Message(role="assistant", content="b")]

    messages = prompt.build_messages(
        system="be kind", instructions=["be brief", ""], history=history, question=QUESTION
    )

    assert messages == [
        Message(role="system", content="be kind\n\n---\n\nbe brief"),
        *history,
        Message(role="user", content="c"),
    ]


def test_an_agent_without_words_sends_no_system_message() -> None:
    messages = prompt.build_messages(system="", instructions=[], history=[], question=QUESTION)

    assert messages == [Message(role="user", content="c")]

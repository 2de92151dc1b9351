"""The first rule that fits decides, and failures are counted down."""

from typing import Any

import pytest

from polyant_engine.demo_model import model, rules, service


def script(content: str) -> service.Script:
    return service.Script(rules.parse(content, source="test"))


def ask(text: str, **extra: Any) -> service.Request:
    return service.read_request(
        {"model": "demo", "messages": [{"role": "user", "content": text}]} | extra
    )


def test_the_first_fitting_rule_wins() -> None:
    under_test = script("rules: [{match: {text: '^a'}, reply: A}, {match: {model: m}, reply: M}]")

    first = under_test.decide(ask("abc"))
    second = under_test.decide(ask("xyz"))

    assert first is not None
    assert first.rule.reply == "A"
    assert second is not None
    assert second.rule.reply == "M"


def test_no_fitting_rule_is_said() -> None:
    assert script("rules: [{match: {text: '^a'}, reply: A}]").decide(ask("b")) is None


def test_tools_and_tool_results_are_told_apart() -> None:
    under_test = script(
        "rules: [{match: {tools: true, toolResult: false}, toolCalls: [{name: f}]}, {reply: done}]"
    )
    result = {"messages": [{"role": "tool", "content": "42"}], "tools": [{}]}

    asking = under_test.decide(ask("x", tools=[{}]))
    answered = under_test.decide(service.read_request(result))

    assert asking is not None
    assert asking.rule.tool_calls == [model.ToolCall(name="f")]
    assert answered is not None
    assert answered.rule.reply == "done"


def test_it_fails_as_often_as_told_then_succeeds() -> None:
    under_test = script("rules: [{fail: {status: 503, times: 2}, reply: ok}]")

    failures = [under_test.decide(ask("x")) for _ in range(3)]

    assert [item.failure is not None for item in failures if item] == [True, True, False]


def test_placeholders_come_from_text_and_groups() -> None:
    under_test = script(r"rules: [{match: {text: 'in (?P<city>\w+)'}, reply: x}]")

    decision = under_test.decide(ask("weather in Rome"))

    assert decision is not None
    assert (
        model.fill("{city} {1} {0} {text} {unknown}", decision.values)
        == "Rome Rome in Rome weather in Rome {unknown}"
    )


def test_content_parts_are_read_as_text() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}]

    asked = service.read_request({"messages": [{"role": "user", "content": parts}]})

    assert asked.text == "ab"


@pytest.mark.parametrize("body", [None, [], {}, {"messages": "x"}, {"messages": []}])
def test_a_request_that_is_none_is_refused(body: Any) -> None:
    with pytest.raises(ValueError, match="must"):
        service.read_request(body)

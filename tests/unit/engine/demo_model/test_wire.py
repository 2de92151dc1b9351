"""The scripted answers are OpenAI's wire format."""

from typing import Any

import orjson

from polyant_engine.demo_model import rules, service, wire


def answer(rule: str, **extra: Any) -> wire.Answer:
    body = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]} | extra
    request = service.read_request(body)
    decision = service.Script(rules.parse(f"rules: [{rule}]", source="test")).decide(request)
    assert decision is not None
    return wire.build_answer(request, decision, serial=7, now=1000)


def events(raw: list[bytes]) -> list[dict[str, Any]]:
    return [orjson.loads(item.removeprefix(b"data: ")) for item in raw[:-1]]


def test_the_default_rule_echoes() -> None:
    body = orjson.loads(wire.plain(answer("{reply: 'You said: {text}'}")))

    assert body["choices"][0]["message"] == {"role": "assistant", "content": "You said: hello"}
    assert body["usage"]["prompt_tokens"] == 2
    assert body["usage"]["completion_tokens"] == 4


def test_a_stream_is_cut_into_chunks_and_ends_with_done() -> None:
    raw = list(wire.chunks(answer("{reply: abcdefg}"), size=3, include_usage=True))

    assert raw[-1] == b"data: [DONE]\n\n"
    deltas = [item["choices"][0]["delta"].get("content") for item in events(raw) if item["choices"]]
    assert deltas == ["", "abc", "def", "g", None]
    assert events(raw)[-1]["usage"]["total_tokens"] == 4


def test_usage_is_told_only_when_asked() -> None:
    raw = list(wire.chunks(answer("{reply: a}"), size=3, include_usage=False))

    assert all("usage" not in item for item in events(raw))


def test_tool_calls_carry_filled_arguments() -> None:
    rule = "{match: {text: '.*'}, toolCalls: [{name: f, arguments: {q: ['{text}', 1]}}]}"

    body = orjson.loads(wire.plain(answer(rule)))

    call = body["choices"][0]["message"]["tool_calls"][0]
    assert orjson.loads(call["function"]["arguments"]) == {"q": ["hello", 1]}
    assert body["choices"][0]["finish_reason"] == "tool_calls"


def test_max_tokens_cuts_the_answer() -> None:
    cut = answer("{reply: abcdefghij}", max_tokens=2)

    assert (cut.text, cut.finish_reason) == ("abcdefgh", "length")


def test_a_fixed_usage_is_reported() -> None:
    fixed = answer("{reply: a, usage: {promptTokens: 5, completionTokens: 6, cachedTokens: 1}}")

    assert fixed.usage == {
        "prompt_tokens": 5,
        "completion_tokens": 6,
        "total_tokens": 11,
        "prompt_tokens_details": {"cached_tokens": 1},
    }

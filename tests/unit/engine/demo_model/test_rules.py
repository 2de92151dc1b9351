"""A rules file is understood, or refused with every reason at once."""

from pathlib import Path

import pytest

from polyant_engine.demo_model import model, rules


def test_yaml_and_json_say_the_same() -> None:
    from_yaml = rules.parse("rules:\n  - {reply: hi, delayMs: 5}", source="a.yaml")
    from_json = rules.parse(
        '{"rules": [{"reply": "hi", "delayMs": 5}]}', source="a.json", is_json=True
    )

    assert from_yaml == from_json == model.Rules(rules=[model.Rule(reply="hi", delay_ms=5)])


def test_every_mistake_is_reported_at_once_with_its_place() -> None:
    content = "rules:\n  - {match: {text: '('}, replyy: x}\n  - {}\n  - {fail: {status: 99}}\n"

    with pytest.raises(rules.InvalidRules) as raised:
        rules.parse(content, source="r.yaml")

    message = str(raised.value)
    assert "r.yaml: rules.0.match.text: " in message
    assert "not a regular expression" in message
    assert "rules.0.replyy: Extra inputs are not permitted; remove it" in message
    assert "rules.1: Value error, the rule does nothing" in message
    assert "rules.2.fail.status" in message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("rules: [", "not valid YAML"),
        ("just text", "expected an object"),
        ("rules: []", "rules: List should have at least 1 item"),
        ("{}", "rules: Field required"),
    ],
)
def test_a_broken_file_is_named(content: str, expected: str) -> None:
    with pytest.raises(rules.InvalidRules, match=r"x\.yaml: ") as raised:
        rules.parse(content, source="x.yaml")

    assert expected in str(raised.value)


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")

    for path in (tmp_path / "none.yaml", binary):
        with pytest.raises(rules.InvalidRules, match="cannot be read as UTF-8 text"):
            rules.read(path)

"""The documents of the chat API and the scripted model say what the code does."""

import re
from pathlib import Path

from polyant_engine.conversations import errors as of_turns
from polyant_engine.core.errors import PolyantError
from polyant_engine.demo_model import model, rules
from polyant_engine.gateway import errors as of_models
from polyant_engine.gateway.providers import ModelNotConfigured

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


def kinds(kind: type[PolyantError]) -> set[type[PolyantError]]:
    return {kind}.union(*(kinds(below) for below in kind.__subclasses__()))


def test_every_error_code_is_documented_with_its_status() -> None:
    modules = (of_turns.__name__, of_models.__name__)
    ours = {kind for kind in kinds(PolyantError) if kind.__module__ in modules}
    expected = {(str(kind.status), kind.default_code) for kind in ours | {ModelNotConfigured}}

    rows = re.findall(
        r"^\| (\d{3}) \| `(\w+)` \|", (REFERENCE / "chat-api.md").read_text(), re.MULTILINE
    )

    assert expected <= set(rows)
    assert len(expected) > 12


def test_the_example_of_the_rules_file_is_valid() -> None:
    text = (REFERENCE / "scripted-model.md").read_text()
    example = text.split("```yaml\n")[1].split("```")[0]

    script = rules.parse(example, source="scripted-model.md")

    assert len(script.rules) == 9


def test_every_key_of_a_rule_is_documented() -> None:
    text = (REFERENCE / "scripted-model.md").read_text()

    for part in ("Rule", "Match", "Failure", "Chunks"):
        for name, field in getattr(model, part).model_fields.items():
            if name not in ("name", "match", "chunks"):
                assert (field.alias or name) in text, f"{part}.{field.alias or name}"


def test_the_states_of_a_turn_are_documented() -> None:
    from polyant_engine.conversations.model import State

    text = (REFERENCE / "turns.md").read_text()

    assert all(f"`{state.value}`" in text for state in State)

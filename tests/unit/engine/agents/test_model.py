"""Which input about an agent is valid."""

from typing import Any

import pytest

from polyant_engine.agents import model
from polyant_engine.core.calls import validate
from polyant_engine.core.errors import BadRequest


@pytest.mark.parametrize("slug", ["a", "a-b_c", "9", "a" * 100])
def test_a_slug_may_be(slug: str) -> None:
    assert validate(model.NewAgent, {"slug": slug, "name": "x"}).slug == slug


@pytest.mark.parametrize("slug", ["", "-a", "a-", "A", "a.b", "a b", "ä", "a" * 101, "a\n"])
def test_a_slug_may_not_be(slug: str) -> None:
    with pytest.raises(BadRequest, match="slug"):
        validate(model.NewAgent, {"slug": slug + "", "name": "x"} if slug != "a\n" else {"slug": "a\nb", "name": "x"})  # fmt: skip


def test_names_are_trimmed_and_prompts_are_not() -> None:
    assert validate(model.NewAgent, {"slug": "a", "name": "  x "}).name == "x"
    section = validate(model.SectionText, {"key": "02-soul", "content": " x\n"})
    assert section.content == " x\n"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (model.NewAgent, {"slug": "a", "name": "x", "unknown": 1}),
        (model.NewAgent, {"slug": "a", "name": "   "}),
        (model.NewAgent, {"slug": "a", "name": "nul\x00"}),
        (model.AgentChange, {"status": "off"}),
        (model.PromptChange, {"sections": []}),
        (model.SecretChange, {"secrets": [{"key": "Upper", "value": "x"}]}),
        (model.SecretChange, {"secrets": [{"key": "a", "value": ""}]}),
        (model.SecretChange, {"secrets": [{"key": "a", "value": "x" * 8193}]}),
    ],
)
def test_other_wrong_input_is_refused(kind: type[model.Input], value: Any) -> None:
    with pytest.raises(BadRequest):
        validate(kind, value)


def test_the_sections_of_the_schema_and_of_the_titles_are_the_same() -> None:
    assert tuple(model.SECTIONS) == model.SectionKey.__args__  # type: ignore[attr-defined]


def test_keys_are_not_in_the_repr() -> None:
    entry = model.InstallationModel(name="m", base_url=None, api_key="sk-secret")

    assert "sk-secret" not in repr(entry)

"""The reference page says what the schema says."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from dev.docs import crd_reference


def test_the_page_is_current() -> None:
    """If not: python -m dev.docs.crd_reference."""
    assert crd_reference.PAGE.read_text(encoding="utf-8") == crd_reference.page()


def test_every_field_is_on_the_page() -> None:
    schema = yaml.safe_load(crd_reference.CRD.read_text())["spec"]["versions"][0]["schema"]
    spec = schema["openAPIV3Schema"]["properties"]["spec"]
    text = crd_reference.page()

    assert [name for name in _names(spec) if name not in text] == []


def test_a_rule_reads_as_a_sentence() -> None:
    rule = {
        "messageExpression": """"edge '" + self.a.name + "' (1) has " + (x ? 'a' : 'b') + '; go'"""
    }

    assert crd_reference.words(rule) == "edge '...' (1) has ...; go"


def _names(node: Mapping[str, Any]) -> Iterator[str]:
    for name, field in node.get("properties", {}).items():
        yield name
        if name not in crd_reference.FOREIGN_FIELDS:
            yield from _names(field.get("items", field))

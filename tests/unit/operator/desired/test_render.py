"""`polyant-operator render`: everything in order, or every problem at once."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from polyant_operator.api.errors import InvalidInstance
from polyant_operator.desired.context import OperandOptions
from polyant_operator.desired.render import render_text
from support.refusal import instance

OPTIONS = OperandOptions()


def problems(text: str) -> list[str]:
    with pytest.raises(InvalidInstance) as caught:
        render_text(text, OPTIONS)
    return [error.line for error in caught.value.errors]


def test_stages_come_in_the_order_of_applying() -> None:
    text = render_text(yaml.safe_dump(instance()), OPTIONS)
    headers = re.findall(r"^# (\d\. [^:\n]+)", text, re.MULTILINE)

    assert headers == ["1. Generated Secrets", "2. Always", "3. The gate", "4. Behind the gate"]


def test_no_value_of_a_secret_is_shown() -> None:
    text = render_text(yaml.safe_dump(instance()), OPTIONS)
    values = [
        value
        for each in yaml.safe_load_all(text)
        if each is not None and each["kind"] == "Secret"
        for value in each["stringData"].values()
    ]

    assert set(values) == {"<generated>", "administrator@local"}


@pytest.mark.parametrize("version", ["1e3", "0o7", "0x1F", "1_000", "1.0", "true", "2026-01-01"])
def test_a_text_stays_a_text_for_every_reader(version: str) -> None:
    """Newer YAML than PyYAML's reads 1e3 as a number."""
    env = [{"name": "A", "value": version}]
    text = render_text(yaml.safe_dump(instance({"web": {"env": env}})), OPTIONS)

    assert f"value: '{version}'" in text


def test_other_objects_of_the_file_are_passed_over() -> None:
    text = yaml.safe_dump_all([{"kind": "Namespace"}, instance(), None])

    assert "name: acme-engine" in render_text(text, OPTIONS)


def test_problems_of_all_instances_are_named() -> None:
    bad = [instance({"version": "a b"}), instance({"paused": 1})]

    assert problems(yaml.safe_dump_all(bad)) == [
        "instance 1, spec.version: 'a b' is not a version; write a release such as 0.1.0",
        "instance 2, spec.paused: 1 is refused: input should be a valid boolean; correct the value",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "file: holds no PolyantInstance;"),
        ("kind: ConfigMap", "file: holds no PolyantInstance;"),
        ("- a\n- b", "file: holds no PolyantInstance;"),
        ("a: [", "line 1, column 5: is not YAML:"),
        ("a: b: c", "line 1, column 5: is not YAML:"),
        ("\0", "file: is not YAML: unreadable"),
    ],
)
def test_what_is_no_instance(text: str, problem: str) -> None:
    (line,) = problems(text)

    assert line.startswith(problem)


def test_the_default_release_is_this_one() -> None:
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())

    assert OPTIONS.release == project["project"]["version"]

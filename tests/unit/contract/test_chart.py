"""The chart gives the operator what it reads; its defaults are the operator's own."""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from polyant_operator import settings

CHART = Path(__file__).parents[3] / "charts" / "polyant-operator"
# Read by the C library.
NOT_OURS = {"MALLOC_ARENA_MAX"}
# Where the chart writes what Kubernetes knows, and what only a run outside a pod needs.
FROM_THE_POD = {"POD_NAME", "POD_NAMESPACE", "LEASE_NAME"}
OUTSIDE_A_POD = {"KUBECONFIG"}


def told() -> Mapping[str, str]:
    """Give the template of each variable of the operator's container."""
    text = (CHART / "templates" / "deployment.yaml").read_text()
    block = text[text.index("env:") : text.index("ports:")]
    return dict(re.findall(r"- name: (\w+)\s+value(?:From)?: (.+)", block))


def default(template: str) -> str | None:
    """Give what a template becomes with the chart's default values."""
    found = re.search(r"\.Values\.([\w.]+)", template)
    if found is None:
        return template.strip('"')
    value = yaml.safe_load((CHART / "values.yaml").read_text())
    for part in found[1].split("."):
        value = value[part]
    return ",".join(value) if isinstance(value, list) else str(value)


def test_the_chart_sets_what_the_operator_reads_and_nothing_else() -> None:
    assert set(told()) - NOT_OURS == set(settings.VARIABLES) - OUTSIDE_A_POD


def test_the_operator_accepts_the_defaults_of_the_chart() -> None:
    values = {name: default(template) or "" for name, template in told().items()}

    settings.load({name: values[name] for name in values if name not in FROM_THE_POD})


def test_the_defaults_of_the_chart_are_those_of_the_operator() -> None:
    values = {name: default(template) for name, template in told().items()}
    expected = {name: row.default for name, row in settings.VARIABLES.items()}
    compared = set(values) - NOT_OURS - FROM_THE_POD

    assert {name: values[name] for name in compared} == {name: expected[name] for name in compared}

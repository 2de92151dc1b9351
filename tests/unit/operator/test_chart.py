"""The chart carries the CRD of `crds/`, and agrees with the operator about its environment."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from polyant_operator import settings

ROOT = Path(__file__).parents[3]
CHART = ROOT / "charts" / "polyant-operator"
CRD = "polyant.ai_polyantinstances.yaml"


def values() -> dict[str, Any]:
    return dict(yaml.safe_load((CHART / "values.yaml").read_text()))


def test_the_crd_of_the_chart_is_that_of_the_repository() -> None:
    """After a change: make dist."""
    assert (CHART / "files" / CRD).read_text() == (ROOT / "crds" / CRD).read_text()


def test_every_variable_the_chart_sets_is_one_the_operator_reads() -> None:
    template = (CHART / "templates" / "deployment.yaml").read_text()
    named = set(re.findall(r"- name: ([A-Z][A-Z_]+)", template))

    assert named - {"MALLOC_ARENA_MAX"} == set(settings.VARIABLES) - {"KUBECONFIG"}


def test_the_values_are_the_operators_defaults() -> None:
    chosen = values()

    loaded = settings.load({})
    assert chosen["operand"]["engineImage"] == loaded.engine_image
    assert chosen["operand"]["databaseImage"] == loaded.database_image
    assert chosen["resyncSeconds"] == loaded.resync_seconds
    assert chosen["workers"] == loaded.workers
    assert chosen["apiRequestsPerSecond"] == loaded.api_requests_per_second
    assert chosen["logLevel"] == loaded.log_level
    assert chosen["lease"] == {
        "seconds": loaded.lease.lease,
        "renewSeconds": loaded.lease.renew,
        "retrySeconds": loaded.lease.retry,
    }


def test_every_value_is_known_to_the_schema() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())

    def compare(given: dict[str, Any], known: dict[str, Any]) -> None:
        for name, value in given.items():
            assert name in known["properties"]
            if "properties" in known["properties"][name]:
                compare(value, known["properties"][name])

    compare(values(), schema)


def test_chart_and_distribution_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert project is not None
    assert chart["version"] == chart["appVersion"] == project[1]

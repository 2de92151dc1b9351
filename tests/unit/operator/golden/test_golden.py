"""Whole renderings, kept as files: a change of any object shows in review.

After a wanted change: `python -m pytest tests/unit/operator/golden --regenerate`, then read the diff.
A patch release of the operator changes nothing under `spec.template`, or every pod would roll.
"""

from pathlib import Path

import pytest
import yaml

from polyant_operator.desired.context import OperandOptions
from polyant_operator.desired.render import render_text

HERE = Path(__file__).parent
CASES = sorted(path.stem for path in HERE.glob("*.in.yaml"))


def rendered(case: str, release: str = "0.1.0") -> str:
    text = (HERE / f"{case}.yaml").read_text()
    return render_text(text, OperandOptions(release=release))


@pytest.mark.parametrize("case", CASES)
def test_the_rendering_is_the_kept_one(case: str, request: pytest.FixtureRequest) -> None:
    file = HERE / f"{case.removesuffix('.in')}.out.yaml"
    if request.config.getoption("--regenerate", default=False):
        file.write_text(rendered(case))

    assert file.read_text() == rendered(case)


@pytest.mark.parametrize("case", CASES)
def test_every_kept_input_has_a_kept_output(case: str) -> None:
    assert (HERE / f"{case.removesuffix('.in')}.out.yaml").exists()


def test_every_case_of_the_plan_is_kept() -> None:
    assert {case.removesuffix(".in") for case in CASES} == {
        "cert-manager",
        "corporate",
        "embedded-delete",
        "external",
        "http-route",
        "minimal",
        "production-ingress",
        "restricted",
    }


def test_another_release_of_the_operator_changes_only_images() -> None:
    """An instance that names its version isn't touched at all; Jobs, made once, say who made them."""
    pinned = "production-ingress.in"
    made_by = "polyant.ai/operator-release: "

    was, now = rendered(pinned, "0.1.0"), rendered(pinned, "9.9.9")

    assert was == now.replace(f"{made_by}9.9.9", f"{made_by}0.1.0")


def test_renderings_are_yaml_of_known_kinds() -> None:
    kinds = {
        document["kind"]
        for case in CASES
        for document in yaml.safe_load_all(rendered(case))
        if document is not None
    }

    assert kinds == {
        "Certificate", "HTTPRoute", "NetworkPolicy", "PodMonitor",
        "Deployment", "HorizontalPodAutoscaler", "Ingress", "Job", "Lease", "PodDisruptionBudget",
        "Role", "RoleBinding",
        "Secret", "Service", "ServiceAccount", "StatefulSet",
    }  # fmt: skip

"""Health and actions of a PolyantInstance in Argo CD: its own test data, and agreement with kstatus."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyant_operator.api import labels
from polyant_operator.verdicts import status, summary
from polyant_operator.verdicts.observed import Observed
from support import argocd, kstatus, observations

HEALTH_TESTS = argocd.document(argocd.CUSTOMIZATION / "health_test.yaml")["tests"]
ACTION_TESTS = argocd.document(argocd.ACTIONS / "action_test.yaml")
FACTS = status.Facts(
    selector="a=b", engine_image="e:1", web_image="w:1", web_url=None, engine_url=None
)
# What each state of kstatus may be called by Argo CD; one more word for what waits for a person.
NAMES = {
    kstatus.CURRENT: {"Healthy", "Suspended"},
    kstatus.IN_PROGRESS: {"Progressing", "Suspended"},
    kstatus.FAILED: {"Degraded"},
    kstatus.TERMINATING: {"Progressing"},
}


def is_paused(obj: dict[str, Any]) -> bool:
    listed = obj.get("status", {}).get("conditions") or []
    return {"Paused": "True"}.items() <= {each["type"]: each["status"] for each in listed}.items()


def assert_agreement(obj: dict[str, Any]) -> None:
    shown, message = argocd.health(obj)

    assert shown in NAMES[kstatus.compute(obj)]
    assert message
    assert shown != "Suspended" or is_paused(obj)
    assert shown != "Healthy" or not is_paused(obj)


@pytest.mark.parametrize("case", HEALTH_TESTS, ids=[case["inputPath"] for case in HEALTH_TESTS])
def test_health_is_as_argo_cds_own_test_file_says(case: dict[str, Any]) -> None:
    obj = argocd.document(argocd.CUSTOMIZATION / case["inputPath"])

    expected = case["healthStatus"]
    assert (expected["status"], expected["message"]) == argocd.health(obj)
    assert_agreement(obj)


def test_no_test_data_is_left_out() -> None:
    named = {argocd.CUSTOMIZATION / case["inputPath"] for case in HEALTH_TESTS}
    tests = [*ACTION_TESTS["discoveryTests"], *ACTION_TESTS["actionTests"]]
    paths = (
        case[key] for case in tests for key in ("inputPath", "expectedOutputPath") if key in case
    )
    named |= {argocd.ACTIONS / path for path in paths}

    assert set(argocd.CUSTOMIZATION.glob("**/testdata/*.yaml")) == named


@pytest.mark.parametrize("path", sorted(argocd.CUSTOMIZATION.glob("testdata/*.yaml")), ids=str)
def test_the_test_data_is_what_the_operator_writes(path: Path) -> None:
    obj = argocd.document(path)

    if obj["status"].get("conditions"):
        assert kstatus.complaints(None, obj) == []


@settings(max_examples=60, deadline=None)
@given(
    paused=st.booleans(),
    observed=observations.OBSERVATIONS,
    generation=st.integers(1, 2),
    deleted=st.booleans(),
)
def test_argo_cd_and_kstatus_agree_on_whatever_the_operator_writes(
    *, paused: bool, observed: Observed, generation: int, deleted: bool
) -> None:
    made = observations.instance({"paused": paused})
    told = status.build(made, observed, summary.verdicts(made, observed), {}, FACTS)
    metadata: dict[str, Any] = {"name": "acme", "generation": generation}
    if deleted:
        metadata["deletionTimestamp"] = "2026-11-24T12:00:00Z"

    assert_agreement({"metadata": metadata, "status": told})


CONDITIONS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["Ready", "Reconciling", "Stalled", "Paused", "Migrated"]),
            "status": st.sampled_from(["True", "False", "Unknown"]),
        },
        optional={"reason": st.sampled_from(["", "R"]), "message": st.sampled_from(["", "m"])},
    ),
    max_size=5,
    unique_by=lambda condition: condition["type"],
)


@settings(max_examples=200, deadline=None)
@given(conditions=CONDITIONS, generation=st.integers(1, 2))
def test_argo_cd_and_kstatus_agree_on_whatever_can_be_written(
    conditions: list[dict[str, str]], generation: int
) -> None:
    """Also on statuses that no operator writes; one without Ready is never called healthy."""
    told = {"observedGeneration": 1, "conditions": conditions}
    obj = {"metadata": {"generation": generation}, "status": told}

    if kstatus.compute(obj) == kstatus.CURRENT and "Ready" not in str(conditions):
        assert argocd.health(obj)[0] == "Progressing"
    else:
        assert_agreement(obj)


@pytest.mark.parametrize("told", [None, {}, {"observedGeneration": -1}], ids=str)
def test_an_instance_that_nobody_looked_at_is_in_progress(told: dict[str, Any] | None) -> None:
    obj = {"metadata": {"generation": 1}} | ({} if told is None else {"status": told})

    assert argocd.health(obj)[0] == "Progressing"


@pytest.mark.parametrize(
    "case",
    ACTION_TESTS["discoveryTests"],
    ids=[case["inputPath"] for case in ACTION_TESTS["discoveryTests"]],
)
def test_the_actions_offered_are_as_argo_cds_own_test_file_says(case: dict[str, Any]) -> None:
    offered = argocd.run(
        argocd.ACTIONS / "discovery.lua", argocd.document(argocd.ACTIONS / case["inputPath"])
    )

    expected = {each.pop("name"): each for each in map(dict, case["result"])}
    assert expected == offered


@pytest.mark.parametrize(
    "case",
    ACTION_TESTS["actionTests"],
    ids=[case["action"] for case in ACTION_TESTS["actionTests"]],
)
def test_an_action_does_what_argo_cds_own_test_file_says(case: dict[str, Any]) -> None:
    script = argocd.ACTIONS / case["action"] / "action.lua"
    result = argocd.run(script, argocd.document(argocd.ACTIONS / case["inputPath"]))

    expected = argocd.document(argocd.ACTIONS / case["expectedOutputPath"])
    assert expected == result
    assert case["action"] in argocd.run(argocd.ACTIONS / "discovery.lua", expected)


def test_every_action_is_offered_and_every_offer_has_an_action() -> None:
    obj = argocd.document(argocd.ACTIONS / "testdata" / "initial.yaml")

    offered = set(argocd.run(argocd.ACTIONS / "discovery.lua", obj))
    assert offered == {script.parent.name for script in argocd.ACTIONS.glob("*/action.lua")}


def test_the_retry_writes_the_annotation_that_the_operator_reads() -> None:
    script = (argocd.ACTIONS / "retry-migration" / "action.lua").read_text()

    assert f'"{labels.RETRY_MIGRATION}"' in script

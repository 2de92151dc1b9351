"""Ready, Reconciling and Stalled are right for kstatus whatever is observed."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.verdicts import status, summary
from polyant_operator.verdicts.observed import LeaderSeen, Observed, SecretFault, Trouble
from support import kstatus, observations
from support.observations import NOW, attempt, healthy, instance, problem, workload

SPECS: list[dict[str, Any]] = [
    {},
    {"paused": True},
    {"database": {"urlSecretRef": {"name": "db"}}},
    {"edge": {"type": "Ingress", "host": "a.test"}},
    {"edge": {"type": "External", "host": "a.test"}, "channels": {"enabled": False}},
]
FACTS = status.Facts(
    selector="a=b", engine_image="e:1", web_image="w:1", web_url=None, engine_url=None
)


def written(
    made: PolyantInstance, observed: Observed, previous: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The object as it would be after the status is written."""
    judged = summary.verdicts(made, observed)
    told = status.build(made, observed, judged, previous or {}, FACTS)
    return {"metadata": {"generation": made.generation}, "status": told}


def truths(obj: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in obj["status"]["conditions"]}


@settings(max_examples=40, deadline=None)
@given(spec=st.sampled_from(SPECS), observed=observations.OBSERVATIONS)
def test_no_status_contradicts_itself(spec: dict[str, Any], observed: Observed) -> None:
    obj = written(instance(spec), observed)

    assert kstatus.contradiction(obj) is None
    ready = truths(obj)["Ready"][0]
    assert (kstatus.compute(obj) == kstatus.CURRENT) == (ready == "True")


@settings(max_examples=40, deadline=None)
@given(spec=st.sampled_from(SPECS), observed=observations.OBSERVATIONS)
def test_the_same_world_gives_the_same_status_again(
    spec: dict[str, Any], observed: Observed
) -> None:
    first = written(instance(spec), observed)
    second = written(instance(spec), observed, first["status"])

    assert second == first


@settings(max_examples=40, deadline=None)
@given(spec=st.sampled_from(SPECS), observed=observations.OBSERVATIONS)
def test_every_condition_has_a_reason_a_message_and_the_generation(
    spec: dict[str, Any], observed: Observed
) -> None:
    told = written(instance(spec, generation=7), observed)["status"]

    assert told["observedGeneration"] == 7
    for condition in told["conditions"]:
        assert condition["observedGeneration"] == 7
        assert condition["reason"] in set(Reason)
        assert condition["message"]


def test_a_healthy_world_is_ready() -> None:
    obj = written(instance(), healthy())

    assert truths(obj)["Ready"] == ("True", "Ready")
    assert "Reconciling" not in truths(obj)


def test_an_instance_is_ready_once_an_engine_leads() -> None:
    without = written(instance(), healthy(leader=LeaderSeen()))
    led = written(instance(status=without["status"]), healthy(), without["status"])

    assert truths(without)["Ready"] == ("False", "NoLeader")
    assert kstatus.compute(without) == kstatus.IN_PROGRESS
    assert truths(led)["ChannelsActive"] == ("True", "LeaderElected")
    assert kstatus.compute(led) == kstatus.CURRENT


def test_channels_that_are_off_do_not_keep_an_instance_from_being_ready() -> None:
    obj = written(instance({"channels": {"enabled": False}}), healthy(leader=LeaderSeen()))

    assert truths(obj)["ChannelsActive"] == ("False", "Disabled")
    assert kstatus.compute(obj) == kstatus.CURRENT


def test_the_status_names_the_leader_and_only_while_there_is_one() -> None:
    known = written(instance(), healthy())["status"]
    gone = healthy(leader=LeaderSeen(missing_for=3, last="acme-engine-7d-x2"))

    assert known["channelLeader"] == {
        "pod": "acme-engine-7d-x2",
        "epoch": 4,
        "since": "2026-11-24T11:00:00Z",
    }
    assert "channelLeader" not in written(instance(status=known), gone, known)["status"]


def test_what_needs_a_person_is_told_before_what_comes_by_itself() -> None:
    pods = (observations.waiting("ErrImagePull"),)
    observed = healthy(database=workload(0, pods=pods), attempts=(attempt(code=65),))

    obj = written(instance(), observed)

    assert truths(obj)["Ready"] == ("False", "EncryptionKeyMismatch")
    assert kstatus.compute(obj) == kstatus.FAILED


def test_otherwise_the_first_thing_that_is_not_there_yet_is_told() -> None:
    obj = written(instance(), healthy(database=workload(0), engine=workload(0)))

    assert truths(obj)["Ready"] == ("False", "DatabaseStarting")
    assert kstatus.compute(obj) == kstatus.IN_PROGRESS


def test_a_cause_is_told_before_what_only_waits_for_it() -> None:
    stuck = replace(attempt(), pods=(observations.waiting("ErrImagePull"),))
    obj = written(instance(), healthy(attempts=(stuck,)))

    assert truths(obj)["DatabaseReady"] == ("Unknown", "Pending")
    assert truths(obj)["Ready"] == ("False", "ImagePullFailed")


def test_a_time_stamp_moves_only_when_the_status_does() -> None:
    old = "2020-01-01T00:00:00Z"
    previous = written(instance(), healthy())["status"]
    for condition in previous["conditions"]:
        condition["lastTransitionTime"] = old

    after = written(instance(), healthy(web=workload(0)), previous)

    stamps = {each["type"]: each["lastTransitionTime"] for each in after["status"]["conditions"]}
    moved = {kind for kind, stamp in stamps.items() if stamp != old}
    assert moved == {"Ready", "Reconciling", "WebAvailable"}


def test_a_pause_keeps_ready_while_nothing_is_pending() -> None:
    obj = written(instance({"paused": True}), healthy())

    assert truths(obj)["Ready"] == ("True", "Ready")
    assert truths(obj)["Paused"] == ("True", "Paused")


def test_a_pause_with_changes_is_unknown_and_in_progress() -> None:
    observed = healthy(pending_changes=("Deployment acme-web",))

    obj = written(instance({"paused": True}), observed)

    assert truths(obj)["Ready"] == ("Unknown", "ChangesPending")
    assert kstatus.compute(obj) == kstatus.IN_PROGRESS


@pytest.mark.parametrize("stalled", [True, False])
def test_trouble_is_told_and_what_was_known_stays(*, stalled: bool) -> None:
    previous = written(instance(), healthy())["status"]
    trouble = Trouble(reason=Reason.NAME_CONFLICT, message="taken", stalled=stalled)

    told = status.refused(summary.in_trouble(trouble), previous, 2, NOW)

    obj = {"metadata": {"generation": 2}, "status": told}
    assert kstatus.contradiction(obj) is None
    assert kstatus.compute(obj) == (kstatus.FAILED if stalled else kstatus.IN_PROGRESS)
    assert truths(obj)["EngineAvailable"] == ("True", "Available")
    assert told["effective"] == previous["effective"]


def test_a_secret_of_the_wrong_form_needs_a_person_at_once() -> None:
    obj = written(instance(), healthy(secrets=(problem(SecretFault.WRONG_FORM),)))

    assert truths(obj)["Stalled"] == ("True", "SecretInvalid")


@pytest.mark.parametrize(("ago", "stalled"), [(119, False), (120, True)])
def test_a_missing_secret_is_waited_for_two_minutes(ago: int, *, stalled: bool) -> None:
    condition = {
        "type": ConditionType.SECRETS_READY.value,
        "status": "False",
        "reason": "SecretMissing",
        "lastTransitionTime": observations.stamp(ago),
    }

    obj = written(instance(status={"conditions": [condition]}), healthy(secrets=(problem(),)))

    assert ("Stalled" in truths(obj)) == stalled

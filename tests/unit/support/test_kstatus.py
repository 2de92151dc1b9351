"""The judge of status writes finds each way in which one can mislead the tools that read it."""

from typing import Any

import pytest

from support import kstatus

THEN, NOW = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"


def condition(kind: str, status: str, reason: str = "Progressing", **more: Any) -> dict[str, Any]:
    told = {"type": kind, "status": status, "reason": reason, "message": "m"}
    return {**told, "observedGeneration": 2, "lastTransitionTime": NOW, **more}


def written(*conditions: dict[str, Any], observed: int = 2) -> dict[str, Any]:
    status = {"observedGeneration": observed, "conditions": list(conditions)}
    return {"metadata": {"generation": 2}, "status": status}


READY = written(condition("Ready", "True", "Ready"))
WAITING = written(condition("Ready", "False"), condition("Reconciling", "True"))
STALLED = written(condition("Ready", "False"), condition("Stalled", "True"))


@pytest.mark.parametrize(
    ("obj", "shown"),
    [
        (READY, kstatus.CURRENT),
        (WAITING, kstatus.IN_PROGRESS),
        (STALLED, kstatus.FAILED),
        (written(condition("Ready", "True", "Ready"), observed=1), kstatus.IN_PROGRESS),
        (written(condition("Ready", "Unknown")), kstatus.IN_PROGRESS),
        ({"metadata": {"generation": 1}}, kstatus.CURRENT),
        ({"metadata": {"deletionTimestamp": NOW}}, kstatus.TERMINATING),
    ],
)
def test_tools_read_an_object_by_generation_then_conditions(
    obj: dict[str, Any], shown: str
) -> None:
    assert kstatus.compute(obj) == shown


@pytest.mark.parametrize("fine", [READY, WAITING, STALLED])
def test_a_consistent_status_has_no_complaints(fine: dict[str, Any]) -> None:
    assert kstatus.complaints(None, fine) == []


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (written(), "no Ready condition"),
        (written(condition("Ready", "False")), "neither Reconciling nor Stalled"),
        (
            written(condition("Ready", "True", "Ready"), condition("Stalled", "True")),
            "together with",
        ),
        (
            written(condition("Ready", "False"), condition("Stalled", "True", "Pending")),
            "another reason than Ready",
        ),
        (
            written(condition("Ready", "True", "Ready", observedGeneration=1)),
            "judged for another generation",
        ),
        (written(condition("Ready", "True", "Fine")), "not documented"),
        (written(condition("Ready", "True", "Ready", message="")), "no message"),
        (
            written(condition("Ready", "True", "Ready"), condition("Ready", "True", "Ready")),
            "there twice",
        ),
    ],
)
def test_a_misleading_status_is_complained_of(wrong: dict[str, Any], complaint: str) -> None:
    assert complaint in "; ".join(kstatus.complaints(None, wrong))


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        (READY, READY, "changes nothing"),
        (
            written(condition("Ready", "True", "Ready"), observed=3),
            READY,
            "observed generation went back",
        ),
        (
            written(condition("Ready", "True", "Ready", lastTransitionTime=THEN)),
            READY,
            "though its status stayed",
        ),
    ],
)
def test_a_misleading_step_between_two_statuses_is_complained_of(
    before: dict[str, Any], after: dict[str, Any], complaint: str
) -> None:
    assert complaint in "; ".join(kstatus.complaints(before, after))

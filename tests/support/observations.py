"""Builders of what an operator may observe, from small parts, for tests of verdicts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from polyant_operator.api.instance import PolyantInstance, parse
from polyant_operator.verdicts.observed import (
    Attempt,
    EdgeSeen,
    LeaderSeen,
    Observed,
    SecretFault,
    SecretProblem,
    Workload,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY_ID = "0123456789abcdef"
REPORT = f'{{"head":"0003","minHead":"0001","keyId":"{KEY_ID}","installationId":"i"}}'


def stamp(ago: float = 0) -> str:
    return (NOW - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def instance(
    spec: Mapping[str, Any] | None = None,
    status: Mapping[str, Any] | None = None,
    generation: int = 1,
) -> PolyantInstance:
    return parse(
        {
            "apiVersion": "polyant.ai/v1alpha1",
            "kind": "PolyantInstance",
            "metadata": {"name": "acme", "namespace": "ns", "uid": "u", "generation": generation},
            "spec": {"database": {"embedded": {}}, **(spec or {})},
            "status": dict(status or {}),
        }
    )


def pod(
    state: Mapping[str, Any] | None = None,
    *,
    age: float = 0,
    conditions: Mapping[str, str] | None = None,
    last: Mapping[str, Any] | None = None,
    **status: Any,
) -> dict[str, Any]:
    """A pod with one container in a state."""
    container: dict[str, Any] = {
        "name": "c",
        "image": "r/i:1",
        "restartCount": 2,
        "state": state or {},
    }
    if last:
        container["lastState"] = dict(last)
    return {
        "metadata": {"name": "acme-pod", "creationTimestamp": stamp(age)},
        "status": {
            "startTime": stamp(age),
            "containerStatuses": [container],
            "conditions": [
                {"type": kind, "status": truth, "message": f"{kind} message"}
                for kind, truth in (conditions or {}).items()
            ],
            **status,
        },
    }


def waiting(reason: str, message: str = "", *, age: float = 0) -> dict[str, Any]:
    return pod({"waiting": {"reason": reason, "message": message}}, age=age)


def ended(code: int, message: str = "") -> dict[str, Any]:
    return pod({"terminated": {"exitCode": code, "message": message}}, phase="Failed")


def attempt(
    number: int = 1, *, code: int | None = None, message: str = "", ago: float = 0
) -> Attempt:
    """A try that runs (no code), succeeded (0) or failed."""
    conditions = []
    if code is not None:
        kind = "Failed" if code else "Complete"
        conditions.append({"type": kind, "status": "True", "lastTransitionTime": stamp(ago)})
    job = {"metadata": {"name": f"job-{number}"}, "status": {"conditions": conditions}}
    return Attempt(number=number, job=job, pods=() if code is None else (ended(code, message),))


def workload(ready: int = 1, wanted: int = 1, **more: Any) -> Workload:
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    live = {
        "metadata": {"name": "acme-engine", "generation": 1},
        "spec": {"replicas": wanted},
        "status": {"observedGeneration": 1, **dict.fromkeys(counts, ready)},
    }
    return replace(Workload(live=live, current=True), **more)


LEADER = LeaderSeen(
    pod="acme-engine-7d-x2",
    epoch=4,
    since="2026-11-24T11:00:00Z",
    last="acme-engine-7d-x2",
    proven=True,
)


def healthy(**more: Any) -> Observed:
    """A world in which everything is as asked."""
    observed = Observed(
        now=NOW,
        database=workload(),
        attempts=(attempt(code=0, message=REPORT),),
        engine=workload(),
        web=workload(),
        leader=LEADER,
    )
    return replace(observed, **more)


def problem(fault: SecretFault = SecretFault.ABSENT) -> SecretProblem:
    return SecretProblem(secret="s", key="k", fault=fault, field="spec.f", expected="a form")


_PODS = st.sampled_from(
    [
        pod({"running": {}}, phase="Running", conditions={"Ready": "False"}),
        pod(conditions={"PodScheduled": "False"}),
        waiting("ImagePullBackOff", age=1000),
        waiting("ErrImagePull"),
        waiting("CreateContainerConfigError"),
        pod({"waiting": {"reason": "CrashLoopBackOff"}}, last={"terminated": {"exitCode": 64}}),
        {},
        {"metadata": {"deletionTimestamp": "x"}, "status": None},
    ]
)
_CODES = st.one_of(st.none(), st.sampled_from([0, 1, 64, 65, 66, 67, 68, 69, 70, 137, 255]))


@st.composite
def attempts(draw: st.DrawFn) -> tuple[Attempt, ...]:
    codes = draw(st.lists(_CODES.filter(bool), max_size=4))
    codes.append(draw(_CODES)) if draw(st.booleans()) else None
    return tuple(
        attempt(number, code=code, message=draw(st.sampled_from(["", REPORT, "{", "\x00words"])))
        for number, code in enumerate(codes, start=1)
    )


_WORKLOADS = st.builds(
    workload,
    ready=st.integers(0, 2),
    wanted=st.integers(0, 2),
    current=st.booleans(),
    pods=st.lists(_PODS, max_size=2).map(tuple),
)
_LEADERS = st.sampled_from(
    [
        None,
        LEADER,
        LeaderSeen(),
        LeaderSeen(missing_for=59, last="gone"),
        LeaderSeen(missing_for=60, last="gone", silent="gone"),
    ]
)
OBSERVATIONS = st.builds(
    Observed,
    now=st.just(NOW),
    secrets=st.lists(st.builds(problem, st.sampled_from(SecretFault)), max_size=2).map(tuple),
    hash_known=st.booleans(),
    key_unconfirmed=st.booleans(),
    database=_WORKLOADS,
    attempts=attempts(),
    engine=st.one_of(st.just(Workload()), _WORKLOADS),
    web=st.one_of(st.just(Workload()), _WORKLOADS),
    leader=_LEADERS,
    edge=st.builds(EdgeSeen, ingress=st.one_of(st.none(), st.just({"metadata": {"name": "acme"}}))),
    pending_changes=st.sampled_from([(), ("Deployment acme-engine",)]),
)

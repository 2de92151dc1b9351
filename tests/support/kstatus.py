"""kstatus: how kubectl-like tools, Flux and Helm read "is it done?" off any object.

A port of `Compute` of `sigs.k8s.io/cli-utils/pkg/kstatus/status` for kinds it has no rules of its own
for: deletion, observed generation, the conditions Reconciling and Stalled in list order, then Ready;
nothing known is done. `complaints` judges one write of a status: what the port would make of it, and
what every tool beyond it may rely on.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from polyant_operator.api.conditions import ConditionType, Reason

IN_PROGRESS = "InProgress"
CURRENT = "Current"
FAILED = "Failed"
TERMINATING = "Terminating"

_COMPANIONS = ("Reconciling", "Stalled")


def compute(obj: Mapping[str, Any]) -> str:
    """The status that tools would show."""
    metadata, status = obj["metadata"], obj.get("status") or {}
    if metadata.get("deletionTimestamp"):
        return TERMINATING
    observed = status.get("observedGeneration")
    if observed is not None and observed != metadata.get("generation"):
        return IN_PROGRESS
    conditions = status.get("conditions") or []
    for condition in conditions:
        if condition.get("type") == "Reconciling" and condition.get("status") == "True":
            return IN_PROGRESS
        if condition.get("type") == "Stalled" and condition.get("status") == "True":
            return FAILED
    for condition in conditions:
        if condition.get("type") == "Ready" and condition.get("status") in ("False", "Unknown"):
            return IN_PROGRESS
    return CURRENT


def contradiction(obj: Mapping[str, Any]) -> str | None:
    """What is inconsistent about the three summary conditions, if anything."""
    status = obj.get("status") or {}
    truths = {each["type"]: each["status"] for each in status.get("conditions") or ()}
    companions = [name for name in _COMPANIONS if name in truths]
    if "Ready" not in truths:
        return "there is no Ready condition"
    if any(truths[name] != "True" for name in companions):
        return "Reconciling and Stalled are there only while True"
    if truths["Ready"] == "True" and companions:
        return f"Ready is True together with {companions}"
    if truths["Ready"] != "True" and len(companions) != 1:
        return f"Ready is {truths['Ready']} with {companions or 'neither Reconciling nor Stalled'}"
    return None


def complaints(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """What is wrong about a status write, given the object as the last write left it."""
    found = [*_summary(after), *_shape(after)]
    return [*found, *_step(before, after)] if before is not None else found


def _summary(after: Mapping[str, Any]) -> Iterator[str]:
    if (wrong := contradiction(after)) is not None:
        yield wrong
        return
    by_type = {each["type"]: each for each in after["status"]["conditions"]}
    ready, judged = by_type["Ready"], after["status"].get("observedGeneration")
    is_newest = judged == after["metadata"]["generation"]
    told = compute(after)
    wanted = CURRENT if ready["status"] == "True" else FAILED if "Stalled" in by_type else None
    if is_newest and told not in (wanted or IN_PROGRESS, TERMINATING):
        yield f"tools show {told} while Ready is {ready['status']}"
    if not is_newest and told not in (IN_PROGRESS, TERMINATING):
        yield f"tools show {told} for generation {judged}, which is not the newest"
    for name in ("Ready", *_COMPANIONS):
        if name in by_type and by_type[name].get("observedGeneration") != judged:
            yield f"{name} was judged for another generation than the status"
        if name in by_type and by_type[name]["reason"] != ready["reason"]:
            yield f"{name} has another reason than Ready: {by_type[name]['reason']}"


def _shape(after: Mapping[str, Any]) -> Iterator[str]:
    conditions = after["status"].get("conditions") or ()
    names = [each["type"] for each in conditions]
    if len(set(names)) != len(names):
        yield f"a condition is there twice: {names}"
    for each in conditions:
        if each["type"] not in set(ConditionType) or each["reason"] not in set(Reason):
            yield f"{each['type']}/{each['reason']} is not documented"
        if not each.get("message"):
            yield f"{each['type']} has no message"
        if each.get("observedGeneration", 0) > after["metadata"]["generation"]:
            yield f"{each['type']} was judged for a generation that does not exist yet"


def _step(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    earlier, later = before.get("status") or {}, after["status"]
    if earlier == later:
        yield "a status was written that changes nothing"
    if earlier.get("observedGeneration", -1) > later["observedGeneration"]:
        yield "the observed generation went back"
    known = {each["type"]: each for each in earlier.get("conditions") or ()}
    for each in later["conditions"]:
        was = known.get(each["type"])
        if was is None:
            continue
        moved = was["lastTransitionTime"] != each["lastTransitionTime"]
        if moved and was["status"] == each["status"]:
            yield f"lastTransitionTime of {each['type']} moved though its status stayed"

"""kstatus: how kubectl-like tools, Flux and Helm read "is it done?" off any object.

A port of the generic part of `sigs.k8s.io/cli-utils/pkg/kstatus/status.Compute`: deletion, observed
generation, the conditions Reconciling and Stalled in list order, then Ready; nothing known is done.
"""

from collections.abc import Mapping
from typing import Any

IN_PROGRESS = "InProgress"
CURRENT = "Current"
FAILED = "Failed"
TERMINATING = "Terminating"


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
    companions = [name for name in ("Reconciling", "Stalled") if name in truths]
    if "Ready" not in truths:
        return "there is no Ready condition"
    if any(truths[name] != "True" for name in companions):
        return "Reconciling and Stalled are there only while True"
    if truths["Ready"] == "True" and companions:
        return f"Ready is True together with {companions}"
    if truths["Ready"] != "True" and len(companions) != 1:
        return f"Ready is {truths['Ready']} with {companions or 'neither Reconciling nor Stalled'}"
    return None

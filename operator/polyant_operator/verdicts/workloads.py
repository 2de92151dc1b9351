"""EngineAvailable and WebAvailable: do all replicas of this generation serve?"""

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.verdicts import live, pods
from polyant_operator.verdicts.observed import Live, Observed, Workload
from polyant_operator.verdicts.verdict import Verdict, holds, stalls, waits


def engine_available(observed: Observed) -> Verdict:
    """Judge the engine."""
    return _available(ConditionType.ENGINE_AVAILABLE, observed.engine, observed)


def web_available(observed: Observed) -> Verdict:
    """Judge the panel."""
    return _available(ConditionType.WEB_AVAILABLE, observed.web, observed)


def _available(kind: ConditionType, workload: Workload, observed: Observed) -> Verdict:
    deployment = workload.live
    if deployment is None:
        return waits(kind, Reason.PENDING, "The Deployment is made once Migrated is True.")
    wanted = live.number(deployment, "spec", "replicas")
    if not workload.current and observed.queued:
        return waits(kind, Reason.ROLLOUT_QUEUED, observed.queued)
    if not workload.current:
        ready = min(live.number(deployment, "status", "readyReplicas"), wanted)
        text = (
            f"The earlier version serves with {ready} of {wanted} replicas until Migrated is True."
        )
        return waits(kind, Reason.PENDING, text)
    if wanted == 0:
        return holds(kind, Reason.SCALED_TO_ZERO, "The spec asks for 0 replicas.")
    if is_rolled_out(deployment):
        return holds(kind, Reason.AVAILABLE, _count(deployment))
    return _not_yet(kind, workload, observed)


def is_rolled_out(deployment: Live) -> bool:
    """Whether every replica is of the newest template and serves."""
    status = deployment.get("status") or {}
    wanted = live.number(deployment, "spec", "replicas")
    return (
        not _is_stale(deployment)
        and live.number(status, "updatedReplicas") >= wanted
        and live.number(status, "availableReplicas") >= wanted
        and live.number(status, "replicas") <= wanted
    )


def _not_yet(kind: ConditionType, workload: Workload, observed: Observed) -> Verdict:
    count, awaited = _progress(workload.live or {})
    refused = live.condition(workload.live, "ReplicaFailure")
    if live.field(refused, "status") == "True":
        said = live.sentence(live.field(refused, "message"))
        return waits(kind, Reason.POD_NOT_CREATED, f"{count} {said}")
    trouble = pods.trouble(workload.pods, observed.now)
    if trouble is None:
        return waits(kind, Reason.ROLLING_OUT, f"{count} {awaited}")
    say = stalls if trouble.stalled else waits
    reason = Reason.ROLLING_OUT if trouble.starting else trouble.reason
    return say(kind, reason, f"{count} {trouble.message}")


def _progress(deployment: Live) -> tuple[str, str]:
    """How far a rollout is, and what it waits for while no pod says what is amiss."""
    status = deployment.get("status") or {}
    wanted = live.number(deployment, "spec", "replicas")
    total, updated = live.number(status, "replicas"), live.number(status, "updatedReplicas")
    ready, earlier = live.number(status, "readyReplicas"), total - updated
    starting = "New pods are starting."
    if ready and _is_stale(deployment):
        return f"Before the latest change, {ready} of {wanted} were ready.", starting
    if total > wanted and updated >= wanted and ready >= total:
        surplus = "1 more is" if total - wanted == 1 else f"{total - wanted} more are"
        return f"{wanted} of {wanted} replicas of this version are ready.", f"{surplus} yet to end."
    if earlier > 0:
        served = "1 replica serves" if ready == 1 else f"{ready} replicas serve"
        of_it = "is" if updated == 1 else "are"
        text = f"{min(updated, wanted)} of {wanted} {of_it} of this version; {served}, earlier ones among them."
        return text, starting
    return _count(deployment), starting


def _is_stale(deployment: Live) -> bool:
    """Whether the status is of an earlier version than the spec."""
    seen = live.number(deployment, "status", "observedGeneration")
    return seen < live.number(deployment, "metadata", "generation")


def _count(deployment: Live) -> str:
    ready = live.number(deployment, "status", "readyReplicas")
    wanted = live.number(deployment, "spec", "replicas")
    return f"{ready} of {wanted} {'replica is' if wanted == 1 else 'replicas are'} ready."

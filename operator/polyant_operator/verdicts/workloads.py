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
        live.number(status, "observedGeneration")
        >= live.number(deployment, "metadata", "generation")
        and live.number(status, "updatedReplicas") >= wanted
        and live.number(status, "availableReplicas") >= wanted
        and live.number(status, "replicas") <= wanted
    )


def _not_yet(kind: ConditionType, workload: Workload, observed: Observed) -> Verdict:
    count = _count(workload.live)
    refused = live.condition(workload.live, "ReplicaFailure")
    if live.field(refused, "status") == "True":
        said = live.sentence(live.field(refused, "message"))
        return waits(kind, Reason.POD_NOT_CREATED, f"{count} {said}")
    trouble = pods.trouble(workload.pods, observed.now)
    if trouble is None:
        return waits(kind, Reason.ROLLING_OUT, f"{count} New pods are starting.")
    say = stalls if trouble.stalled else waits
    reason = Reason.ROLLING_OUT if trouble.starting else trouble.reason
    return say(kind, reason, f"{count} {trouble.message}")


def _count(deployment: Live | None) -> str:
    """Say how many serve; during a rollout more than wanted may."""
    ready = live.number(deployment, "status", "readyReplicas")
    wanted = live.number(deployment, "spec", "replicas")
    more = ready - wanted
    if more > 0:
        return (
            f"{wanted} of {wanted} replicas are ready, and {more} more until the rollout is over."
        )
    return f"{ready} of {wanted} {'replica is' if wanted == 1 else 'replicas are'} ready."

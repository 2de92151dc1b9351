"""Steps "scale" and "wake": replicas go through the scale subresource, and only where they differ.

Who scales a Deployment by hand finds it as the spec asks a moment later. An autoscaler that the spec
doesn't know of answers each time, and pods would come and go for ever: the pauses grow, and it is told.
"""

import logging
from typing import Final

from polyant_operator.desired import replicas
from polyant_operator.kube.kinds import AUTOSCALER, DEPLOYMENT, Object, Ref, ref_of
from polyant_operator.observability import metrics
from polyant_operator.reconcile.state import Pass, Scaled, Tools
from polyant_operator.verdicts import live

logger = logging.getLogger(__name__)

_ENGINE_CURE: Final = (
    "set spec.engine.externalScaling to true if an autoscaler of yours shall decide, use"
    " spec.engine.autoscaling, or change the replicas in the spec"
)
_WEB_CURE: Final = "change the replicas in the spec"


async def scale(state: Pass, tools: Tools) -> None:
    """Set replicas through the scale subresource, where they differ."""
    if not state.may_write:
        return
    for name, wanted in replicas.wanted(state.instance).items():
        deployment = state.child(DEPLOYMENT, name)
        if deployment is None:
            continue
        if live.number(deployment, "spec", "replicas") != wanted:
            await _correct(state, tools, deployment, wanted)
        else:
            tools.scaled[ref_of(deployment)] = _scaled(deployment, wanted)


async def wake(state: Pass, tools: Tools) -> None:
    """Give an engine that was scaled to zero its first replicas before an autoscaler takes over.

    An autoscaler leaves a Deployment of 0 replicas alone: that is how people switch it off.
    """
    scaling, name = state.instance.spec.engine.autoscaling, state.instance.names.engine
    if not state.may_write or not state.gate_open or scaling is None:
        return
    deployment, present = state.child(DEPLOYMENT, name), state.child(AUTOSCALER, name)
    if deployment is None or present is not None:
        return
    if live.field(deployment, "spec", "replicas") == 0:
        await _scale(state, tools, name, scaling.min_replicas)


async def _correct(state: Pass, tools: Tools, deployment: Object, wanted: int) -> None:
    """Scale as the spec asks; somebody else's number is put right ever more slowly."""
    ref, fights = ref_of(deployment), tools.applier.fights
    is_drift = tools.scaled.get(ref) == _scaled(deployment, wanted)
    if is_drift and (left := fights.left(ref)) > 0:
        metrics.drift_repeats.labels(ref.kind.kind).inc()
        state.again(left)
        state.fights.append(_told(state, ref, deployment, wanted, fights.repairs(ref)))
        return
    await _scale(state, tools, ref.name, wanted)
    tools.scaled[ref] = _scaled(deployment, wanted)
    if is_drift:
        fights.repaired(ref)
        metrics.drift_repaired.labels(ref.kind.kind).inc()
        found = live.number(deployment, "spec", "replicas")
        logger.info(
            "%s was scaled to %d by somebody else and is put back to %d", ref, found, wanted
        )


async def _scale(state: Pass, tools: Tools, name: str, count: int) -> None:
    namespace = state.instance.namespace
    await tools.client.scale(DEPLOYMENT, namespace, name, count)
    fresh = await tools.client.get(DEPLOYMENT, namespace, name)
    tools.cache.put(fresh)
    state.children[ref_of(fresh)] = fresh


def _scaled(deployment: Object, count: int) -> Scaled:
    # A Deployment that was made anew begins with the API server's default, which is nobody's wish.
    return Scaled(uid=deployment["metadata"].get("uid"), replicas=count)


def _told(state: Pass, ref: Ref, deployment: Object, wanted: int, repairs: int) -> str:
    found = live.number(deployment, "spec", "replicas")
    cure = _ENGINE_CURE if ref.name == state.instance.names.engine else _WEB_CURE
    return (
        f"{ref} was scaled by somebody else and put back to {wanted} {repairs} times in a row; now it has"
        f" {found}. Stop what scales it, for example a HorizontalPodAutoscaler, or {cure}. Until then it"
        " is put back ever more slowly, at most every five minutes."
    )

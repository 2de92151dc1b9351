"""`polyant.ai/promote: POD` on an instance: the named engine pod shall lead.

The operator moves nobody. It writes the wish on the Lease, the leader sees it at its next renewal and hands
over, and the pod goes first. A name is looked for among the pods once: what is on the Lease stays there
until the annotation changes, so that a pod that fails and comes back does not pull the leadership along.
"""

from typing import Final

from polyant_operator.api import labels
from polyant_operator.api.labels import Component
from polyant_operator.kube.kinds import LEASE, Object
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import live
from polyant_operator.verdicts.advice import Topic

# A leader that renews sees the wish within two seconds, and another one leads a second later.
CLOSE_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 30.0


def wish(state: Pass) -> str:
    """The pod that somebody wants to lead, or nothing."""
    return state.instance.annotations.get(labels.PROMOTE, "")


async def look_at_wish(state: Pass, tools: Tools) -> None:
    """Find the pod that shall lead; tell when it is none that could."""
    wanted, fact = wish(state), (state.instance.uid, "promote", wish(state))
    if not wanted or state.leader is None:
        return
    lease = state.child(LEASE, state.instance.names.lease)
    known = live.field(lease, "metadata", "annotations", labels.PROMOTE) == wanted
    ready = sorted(filter(None, map(_ready_name, state.pods_of(Component.ENGINE))))
    if known or wanted in ready:
        state.promote = wanted
        if state.leader.pod != wanted and tools.waits.seconds(fact) < PATIENCE_SECONDS:
            state.again(CLOSE_SECONDS)
        return
    others = f"Ready are {', '.join(ready)}." if ready else "None is ready."
    text = f"{labels.PROMOTE} names {wanted[:253]}, which is no ready engine pod of this instance: {others}"
    await tools.recorder.say(state.body, "Warning", Topic.PROMOTION_REFUSED.value, text)


def _ready_name(pod: Object) -> str:
    is_going = pod["metadata"].get("deletionTimestamp")
    return str(pod["metadata"]["name"]) if not is_going and live.is_true(pod, "Ready") else ""

"""Part of step "gather": look who leads the engines, when that is worth a request.

At rest it costs none: all Leases are listed every 15 s for all instances together
(`handlers/leaders.py`), and a pass follows only when another one leads.
"""

from dataclasses import replace

from polyant_operator.kube.kinds import DEPLOYMENT, LEASE, Ref
from polyant_operator.observability import metrics
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import live


async def look_at_leader(state: Pass, tools: Tools, *, at_rest: bool) -> None:
    """Learn from the Lease who leads; nobody is expected to while no engine is ready."""
    instance, name = state.instance, state.instance.names.lease
    key, ready = (instance.namespace, instance.name), (instance.uid, "engine ready")
    engine = state.child(DEPLOYMENT, instance.names.engine)
    if not live.number(engine, "status", "readyReplicas"):
        tools.waits.over(ready)
        metrics.show_leader_age(*key, None)
        return
    if not tools.leaders.is_known(key):
        # What the first list brought; a start asks no more for what lives.
        tools.leaders.note(key, state.child(LEASE, name))
    if not at_rest or not tools.leaders.seen(key).is_there:
        lease = await tools.client.find(LEASE, instance.namespace, name)
        tools.leaders.note(key, lease)
        if lease is None:
            _forget(state, tools, name)
    seen = tools.leaders.seen(key)
    missing_for = min(seen.missing_for, tools.waits.seconds(ready))
    state.leader = replace(seen, missing_for=missing_for)
    metrics.show_leader_age(*key, missing_for)


def _forget(state: Pass, tools: Tools, name: str) -> None:
    """Let a Lease that is gone be made anew by this pass: no engine leads without one."""
    lost = state.children.pop(Ref(LEASE, state.instance.namespace, name), None)
    if lost is not None:
        tools.cache.drop(lost)

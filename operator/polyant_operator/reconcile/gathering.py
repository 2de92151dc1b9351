"""Step "gather": read the world of the instance once."""

from polyant_operator.api.conditions import ConditionType
from polyant_operator.api.edge import EdgeType
from polyant_operator.desired import secrets, uses
from polyant_operator.kube import gather
from polyant_operator.kube.kinds import DEPLOYMENT, STATEFUL_SET, Object
from polyant_operator.reconcile import authorities, leading, promoting, volume
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import ingress, live, workloads


async def _pods(state: Pass, tools: Tools) -> tuple[Object, ...]:
    # Pods explain what is amiss; of an instance at rest they have nothing to tell, unless one shall lead.
    if _is_at_rest(state) and not promoting.wish(state):
        return ()
    return await gather.pods(tools.client, state.instance.namespace, state.instance.name)


def _is_at_rest(state: Pass) -> bool:
    names, ready = state.instance.names, state.instance.status.condition(ConditionType.READY)
    if ready is None or ready.status != "True":
        return False
    if ready.observed_generation != state.instance.generation:
        return False
    deployments = [state.child(DEPLOYMENT, name) for name in (names.engine, names.web)]
    database = state.child(STATEFUL_SET, names.database)
    return all(each and workloads.is_rolled_out(each) for each in deployments) and (
        database is None or live.number(database, "status", "readyReplicas") > 0
    )


async def gather_world(state: Pass, tools: Tools) -> None:
    """Read children from the cache, and what no watch brings from the API server."""
    instance = state.instance
    state.children = tools.cache.children(instance.namespace, instance.name)
    used = {use.secret for use in uses.all_uses(instance)}
    generated = {secret.name for secret in secrets.wanted(instance)}
    state.secrets, state.pods = await gather.in_order(
        gather.secrets(tools.client, tools.ahead, instance.namespace, used | generated),
        _pods(state, tools),
    )
    await authorities.look_at_authorities(state, tools)
    at_rest = _is_at_rest(state)
    await leading.look_at_leader(state, tools, at_rest=at_rest)
    await promoting.look_at_wish(state, tools)
    await volume.look_at_volume(state, tools, at_rest=at_rest)
    if instance.spec.edge.type is EdgeType.INGRESS:
        wanted = instance.spec.edge.class_name
        state.ingress_classes = await tools.ingress_classes.get(
            lambda known: known is None or ingress.chosen_class(wanted, known) is not None
        )

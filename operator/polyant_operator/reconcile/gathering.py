"""Step "gather": read the world of the instance once."""

import asyncio

from polyant_operator.api.edge import EdgeType
from polyant_operator.desired import secrets, uses
from polyant_operator.kube import gather
from polyant_operator.reconcile.state import Pass, Tools


async def gather_world(state: Pass, tools: Tools) -> None:
    """Read children from the cache, and what no watch brings from the API server."""
    instance = state.instance
    state.children = tools.cache.children(instance.namespace, instance.name)
    used = {use.secret for use in uses.all_uses(instance)}
    generated = {secret.name for secret in secrets.wanted(instance)}
    state.secrets, state.pods = await asyncio.gather(
        gather.secrets(tools.client, instance.namespace, used | generated),
        gather.pods(tools.client, instance.namespace, instance.name),
    )
    if instance.spec.edge.type is EdgeType.INGRESS:
        state.ingress_classes = await gather.ingress_classes(tools.client)

"""Step "build": from what was read to what should exist."""

import logging
from dataclasses import replace

from polyant_operator.api import labels
from polyant_operator.api.labels import Component
from polyant_operator.desired import digests, rollout, tree, uses
from polyant_operator.desired.context import UNKNOWN_DIGEST, Context
from polyant_operator.kube.kinds import DEPLOYMENT, STATEFUL_SET
from polyant_operator.reconcile import authorities, edge, generating, rotating
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import live
from polyant_operator.verdicts.rollout import mark_of

logger = logging.getLogger(__name__)

_ROLLED = (Component.ENGINE, Component.WEB, Component.DATABASE)


async def build(state: Pass, tools: Tools) -> None:
    """Build every manifest from the spec, the options and the digests of used Secrets.

    Names are checked with what is known before Secrets are generated; at rest nothing has changed
    since then, and what was built is kept.
    """
    context, mark = _context(state, tools), _mark(state)
    if state.always and (context, mark) == (state.context, state.rollout):
        return
    state.context, state.rollout = context, mark
    state.always = rollout.marked(tree.always(state.instance, state.context), state.rollout)
    state.workloads = rollout.marked(tree.workloads(state.instance, state.context), state.rollout)


def _mark(state: Pass) -> str:
    """The mark that is there; any of them will do, so that a deleted one is made again at once."""
    names = state.instance.names
    places = (
        (DEPLOYMENT, names.engine),
        (DEPLOYMENT, names.web),
        (STATEFUL_SET, names.database),
    )
    return next((mark for place in places if (mark := mark_of(state.child(*place)))), "")


def _context(state: Pass, tools: Tools) -> Context:
    values = generating.values(state)
    key = values.get(state.instance.names.auth_secrets, {}).get(generating.DIGEST_KEY)
    context = Context(
        options=tools.options,
        secret_digests={part: _digest(state, part, values, key) for part in _ROLLED},
        ca_digest=authorities.digest(state),
        absent_kinds=tools.discovery.absent(),
        api_server=tools.api_server.ends,
        ingress_controller=edge.controller(state),
        promote=state.promote,
    )
    if key is None or not _readable(state, Component.MIGRATION):
        return context
    return replace(
        context, migration_hash=digests.migration(state.instance, tools.options, values, key)
    )


def _digest(state: Pass, part: Component, values: digests.SecretValues, key: bytes | None) -> str:
    if key is not None and _readable(state, part) and not rotating.is_copy_missing(state, part):
        return digests.component(state.instance, part, values, key)
    # Leaving the annotation out would roll healthy pods because of a Secret that cannot be read.
    return _carried(state, part)


def _carried(state: Pass, part: Component) -> str:
    names = state.instance.names
    places = {
        Component.ENGINE: (DEPLOYMENT, names.engine),
        Component.WEB: (DEPLOYMENT, names.web),
        Component.DATABASE: (STATEFUL_SET, names.database),
    }
    child = state.child(*places[part])
    path = ("spec", "template", "metadata", "annotations", labels.SECRET_DIGEST)
    return str(live.field(child, *path) or UNKNOWN_DIGEST)


def _readable(state: Pass, part: Component) -> bool:
    broken = {(problem.secret, problem.key) for problem in state.problems}
    used = (use for use in uses.all_uses(state.instance) if part in use.components)
    return not any((use.secret, use.key or "") in broken for use in used)

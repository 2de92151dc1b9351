"""Step "rotate": move the copy of what panel and engine share one step further.

Which steps there are and why is in `desired.rotation`. Here is decided whether a step is over: both
Deployments are rolled out with the copy as it is, and no pod of an earlier one serves any more, not
even one on its way out.
"""

import logging

from polyant_operator.api import labels
from polyant_operator.api.labels import Component
from polyant_operator.desired import digests, rotation, uses
from polyant_operator.desired.rotation import Shared
from polyant_operator.kube import gather
from polyant_operator.kube.kinds import DEPLOYMENT, Object
from polyant_operator.reconcile import generating
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import live, workloads

logger = logging.getLogger(__name__)

# How often a step is looked at that waits for pods to go.
STEP_SECONDS = 5.0


async def rotate(state: Pass, tools: Tools) -> None:
    """Take the next step, if there is one and the last is over."""
    wanted = _wanted(state)
    if not wanted:
        return
    before = {name: shared for name in wanted if (shared := _in_use(state, name)) is not None}
    after = before
    if state.may_write and not state.problems:
        settled = bool(before) and await _is_settled(state, tools)
        after = {
            name: rotation.next_step(before[name], value, settled=settled)
            if name in before
            else Shared(in_use=value)
            for name, value in wanted.items()
        }
        # What is no longer wanted stays: a pod of an earlier template may restart and need it.
        after = _copied(state) | after
        if after != _copied(state):
            await _write(state, tools, after)
    state.rotating = tuple(name for name, shared in after.items() if shared.accepted is not None)
    if state.rotating:
        state.again(STEP_SECONDS)


def _wanted(state: Pass) -> dict[str, str]:
    """What the user's own Secrets hold, by variable; readable ones only."""
    own = state.instance.spec.secrets
    references = {
        "AUTH_SECRET": own.auth_secret_ref,
        "AUTH_INTERNAL_SECRET": own.internal_auth_secret_ref,
    }
    return {
        variable: value
        for variable, reference in references.items()
        if reference is not None
        and (value := generating.value(state, reference.name, reference.key)) is not None
    }


def _copied(state: Pass) -> dict[str, Shared]:
    copy = generating.values(state).get(state.instance.names.auth_in_use, {})
    names = ("AUTH_SECRET", "AUTH_INTERNAL_SECRET")
    return {name: found for name in names if (found := rotation.read(name, copy)) is not None}


def _in_use(state: Pass, variable: str) -> Shared | None:
    """What pods use now: the copy, or the generated value that was in use before there was one."""
    if (shared := _copied(state).get(variable)) is not None:
        return shared
    names = state.instance.names
    engine = state.child(DEPLOYMENT, names.engine)
    if engine is None or not _reads_generated(engine, variable, names.auth_secrets):
        return None
    value = generating.value(state, names.auth_secrets, variable)
    return Shared(in_use=value) if value is not None else None


def _reads_generated(deployment: Object, variable: str, secret: str) -> bool:
    for container in live.items(deployment, "spec", "template", "spec", "containers"):
        for each in live.items(container, "env"):
            if each.get("name") == variable:
                return bool(live.field(each, "valueFrom", "secretKeyRef", "name") == secret)
    return False


async def _write(state: Pass, tools: Tools, secrets: dict[str, Shared]) -> None:
    manifest = rotation.manifest(state.instance, secrets)
    name = state.instance.names.auth_in_use
    state.secrets[name] = await tools.client.apply(manifest)
    steps = ", ".join(
        f"{each} (two values are accepted)" if shared.accepted else each
        for each, shared in secrets.items()
    )
    logger.info("Secret %s now holds %s", name, steps)


async def _is_settled(state: Pass, tools: Tools) -> bool:
    """Whether every pod that may still serve was made with the copy as it is."""
    names, values = state.instance.names, generating.values(state)
    key = values.get(names.auth_secrets, {}).get(generating.DIGEST_KEY)
    if key is None:
        return False
    parts = {Component.ENGINE: names.engine, Component.WEB: names.web}
    wanted = {part: digests.component(state.instance, part, values, key) for part in parts}
    for part, name in parts.items():
        deployment = state.child(DEPLOYMENT, name)
        if deployment is None:
            continue
        template = live.field(deployment, "spec", "template")
        if _digest_of(template) != wanted[part] or not workloads.is_rolled_out(deployment):
            return False
    if not state.pods:
        state.pods = await gather.pods(tools.client, state.instance.namespace, state.instance.name)
    return all(
        live.field(pod, "status", "phase") in ("Succeeded", "Failed")
        or _digest_of(pod) == wanted[part]
        for part in parts
        for pod in state.pods_of(part)
    )


def _digest_of(obj: Object | None) -> str | None:
    found = live.field(obj, "metadata", "annotations", labels.SECRET_DIGEST)
    return str(found) if found is not None else None


def is_copy_missing(state: Pass, part: Component) -> bool:
    """Whether a component reads the copy and there is none, because nothing could be copied."""
    copy = state.instance.names.auth_in_use
    used = (use for use in uses.all_uses(state.instance) if part in use.components)
    return copy not in state.secrets and any(use.secret == copy for use in used)

"""Steps "apply" and "prune": make the cluster hold what should exist.

While the gate is closed the workloads are not touched at all, so the old version serves on; only
their replicas follow the spec. Nothing is pruned before the new version may run either.
"""

from polyant_operator.api import labels
from polyant_operator.desired import rollout
from polyant_operator.kube import errors, prune
from polyant_operator.kube.apply import Held
from polyant_operator.kube.kinds import (
    NETWORK_POLICY,
    STATEFUL_SET,
    Ref,
    ref_of,
)
from polyant_operator.reconcile import edge, judging, volume
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import live

_NOT_FOREIGN = (labels.MANAGER, labels.STATUS_MANAGER, "kube-controller-manager")


async def apply_always(state: Pass, tools: Tools) -> None:
    """Apply what exists whatever becomes of the migration."""
    if state.may_write:
        for manifest in state.always:
            if not _would_roll_early(state, manifest):
                await _apply(state, tools, manifest)
        await _open_up(state, tools)


def _would_roll_early(state: Pass, manifest: dict[str, object]) -> bool:
    """Whether pods that run would be replaced before their turn, or while a Secret is unreadable."""
    held = state.queued is not None or bool(state.problems)
    if not held or manifest["kind"] not in rollout.ROLLED_KINDS:
        return False
    return ref_of(manifest) in state.children


async def apply_workloads(state: Pass, tools: Tools) -> None:
    """Apply what stands behind the gate."""
    if state.may_roll and state.gate_open and not state.problems:
        for manifest in state.workloads:
            await _apply(state, tools, manifest)


async def prune_children(state: Pass, tools: Tools) -> None:
    """Delete owned objects that are no longer wanted; Jobs are the gate's."""
    if not state.may_roll or not state.gate_open or state.problems:
        return
    wanted = {ref_of(manifest) for manifest in (*state.always, *state.workloads)}
    for ref, obj in prune.unwanted(state.children, wanted, state.instance.uid):
        if ref.kind == STATEFUL_SET and not await volume.let_go(state, tools, obj):
            continue
        if ref.kind in edge.EDGES and not edge.is_replaced(state, judging.observe(state, tools)):
            continue
        await prune.remove(tools.client, tools.cache, ref, obj)
        state.children.pop(ref, None)


async def _open_up(state: Pass, tools: Tools) -> None:
    """Remove policies that are not wanted any more: they may be what keeps the gate closed."""
    wanted = {ref_of(manifest) for manifest in state.always}
    found = prune.unwanted(state.children, wanted, state.instance.uid, (NETWORK_POLICY,))
    for ref, obj in found:
        await prune.remove(tools.client, tools.cache, ref, obj)
        state.children.pop(ref, None)


async def _apply(state: Pass, tools: Tools, manifest: dict[str, object]) -> None:
    ref: Ref = ref_of(manifest)
    try:
        written = await tools.applier.apply(manifest, state.children.get(ref))
    except errors.NotFound:
        # Either the namespace is going, or the kind is: the next try knows.
        await tools.discovery.refresh()
        raise
    except Held as held:
        state.again(held.seconds)
        state.fights.append(await _told(tools, held))
        return
    if written:
        fresh = tools.cache.child(ref, state.instance.name)
        if fresh is not None:
            state.children[ref] = fresh


def _another_operator(tools: Tools) -> str:
    """The field manager of another operator is ours: its Lease tells which one it is."""
    if not tools.rivals:
        return "another Polyant operator"
    return f"another Polyant operator ({', '.join(sorted(tools.rivals))})"


async def _told(tools: Tools, held: Held) -> str:
    """Who fights with us, in words for people."""
    live_object = await tools.client.find(held.ref.kind, held.ref.namespace, held.ref.name)
    entries = live.items(live_object, "metadata", "managedFields")
    # Writes of the status, and what the control plane notes down, are nobody's change.
    others = [
        each
        for each in entries
        if each.get("manager") not in _NOT_FOREIGN and not each.get("subresource")
    ]
    last = max(others, key=lambda each: str(each.get("time")), default=None)
    who = f"field manager {last['manager']}" if last else _another_operator(tools)
    return (
        f"{held.ref} was changed and put back {held.repairs} times in a row; the last change was by {who}."
        " Stop what changes it, or ask for the change in the spec. Until then it is put back ever more"
        " slowly, at most every five minutes."
    )

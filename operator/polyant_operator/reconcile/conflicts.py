"""Step "check names": nothing is written when a name we need belongs to somebody else."""

from collections.abc import Iterable

from polyant_operator.api import labels
from polyant_operator.api.conditions import Reason
from polyant_operator.desired import secrets, uses
from polyant_operator.kube import gather, prune
from polyant_operator.kube.kinds import (
    AUTOSCALER,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    JOB,
    SECRET,
    Object,
    Ref,
    ref_of,
)
from polyant_operator.reconcile import building
from polyant_operator.reconcile.edge import EDGES
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import live
from polyant_operator.verdicts.observed import Trouble

# A conflict is looked at again so often; nobody tells us when a foreign object goes.
RECHECK_SECONDS = 30.0
# Objects of a deleted namesake are collected within moments.
COLLECTING_SECONDS = 2.0


async def check_names(state: Pass, tools: Tools) -> None:
    """Ask for names that no watch has shown, and stop when one is taken."""
    await building.build(state, tools)
    wanted = [ref_of(manifest) for manifest in (*state.always, *state.workloads)]
    unseen = [ref for ref in wanted if ref not in state.children and _is_due(state, ref)]
    # What a namesake left may be gone by now: not every kind has a watch that would have told.
    foreign = [
        ref for ref in wanted if ref in state.children and not _is_ours(state, state.children[ref])
    ]
    found = await gather.existing(tools.client, [*unseen, *foreign])
    for ref in foreign:
        if ref not in found:
            tools.cache.drop(state.children.pop(ref))
    known = state.children | found
    state.trouble = judge_taken(state, {ref: known[ref] for ref in wanted if ref in known})
    # Ours, only not shown by a watch yet: treat it as known, or it would be taken for absent.
    state.children |= {ref: obj for ref, obj in found.items() if _is_ours(state, obj)}


async def check_secret_names(state: Pass, tools: Tools) -> None:  # noqa: ARG001 (one shape for all steps)
    """Stop when a name for a generated Secret holds somebody else's."""
    names = [secret.name for secret in secrets.wanted(state.instance)]
    if uses.has_copy(state.instance):
        names.append(state.instance.names.auth_in_use)
    found = {
        Ref(SECRET, state.instance.namespace, name): state.secrets[name]
        for name in names
        if name in state.secrets
    }
    taken = [ref for ref, obj in found.items() if not _is_labelled(state, obj)]
    # Under deletionPolicy Delete they are about to go: what is made with them would not last.
    going = [
        ref for ref, obj in found.items() if _is_namesakes(state, obj) and not _is_ours(state, obj)
    ]
    if taken:
        state.trouble = conflict(state, taken)
    elif going:
        state.trouble = _collecting(state, going)


def _is_due(state: Pass, ref: Ref) -> bool:
    """Whether an object may be made by this pass, or all names are looked at for the first time.

    While a migration runs its Deployments are rightly absent: asking each time finds nothing.
    """
    behind_gate = ref.kind in (AUTOSCALER, DEPLOYMENT, DISRUPTION_BUDGET, *EDGES)
    jobs = [obj for known, obj in state.children.items() if known.kind == JOB]
    return not behind_gate or not jobs or any(live.is_true(job, "Complete") for job in jobs)


def judge_taken(state: Pass, known: dict[Ref, Object]) -> Trouble | None:
    """Tell a deleted namesake's leftovers, which go by themselves, from somebody else's objects."""
    taken = [ref for ref, obj in known.items() if not _is_ours(state, obj)]
    if not taken:
        return None
    if all(_is_namesakes(state, known[ref]) for ref in taken):
        return _collecting(state, taken)
    return conflict(state, [ref for ref in taken if not _is_namesakes(state, known[ref])])


def _collecting(state: Pass, going: Iterable[Ref]) -> Trouble:
    state.again(COLLECTING_SECONDS)
    names = ", ".join(map(str, going))
    text = f"Objects of a deleted instance of this name are being removed: {names}."
    return Trouble(reason=Reason.PROGRESSING, message=text, stalled=False)


def conflict(state: Pass, taken: Iterable[Ref]) -> Trouble:
    """The trouble of names that somebody else has."""
    state.again(RECHECK_SECONDS)
    names = ", ".join(map(str, taken))
    text = (
        f"{names} in namespace {state.instance.namespace} exists and does not belong to this instance."
        " Nothing is written. Rename or delete it, or give the instance another name; a Secret or a"
        f" PersistentVolumeClaim that was restored by hand is adopted when it has the label {labels.OWNER}={state.instance.name}."
    )
    return Trouble(reason=Reason.NAME_CONFLICT, message=text, stalled=True)


def _is_ours(state: Pass, obj: Object) -> bool:
    return prune.is_owned_by(obj, state.instance.uid)


def _is_labelled(state: Pass, obj: Object) -> bool:
    found = obj["metadata"].get("labels") or {}
    return bool(found.get(labels.OWNER) == state.instance.name)


def _is_namesakes(state: Pass, obj: Object) -> bool:
    owners = obj["metadata"].get("ownerReferences") or ()
    return any(
        owner.get("kind") == labels.KIND and owner.get("name") == state.instance.name
        for owner in owners
    )

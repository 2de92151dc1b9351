"""Step "admit": may the pods of this instance roll now?

Asked only when the operator is about to change what rolls pods. While an instance waits for a place it
gets no migration and no new workload; the running version serves on.
"""

from polyant_operator.api import labels
from polyant_operator.api import rollout as marks
from polyant_operator.api.names import HASH_LENGTH
from polyant_operator.desired import rollout
from polyant_operator.kube import prune
from polyant_operator.kube.kinds import DEPLOYMENT, JOB, STATEFUL_SET, Object, ref_of
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts.rollout import mark_of, takes_place

# Who waits is woken when a place is free; this is for the case that nobody woke it.
QUEUED_SECONDS = 300.0


async def admit(state: Pass, tools: Tools) -> None:
    """Let the rollout go on, or queue it."""
    if not state.may_write or state.problems or not state.hash_known:
        return
    key = (state.instance.namespace, state.instance.name)
    if not _would_roll(state, tools):
        return
    begun = _begun(state)
    if begun:
        _go(state, begun)
        if marks.is_operators(begun):
            tools.rollouts.hold(key)
    elif _is_asked_for(state):
        _go(state, marks.mark(marks.SPEC, state.context.migration_hash))
    elif (queued := tools.rollouts.ask(key)) is None:
        _go(state, marks.mark(marks.OPERATOR, state.context.migration_hash))
    else:
        state.queued = queued
        state.again(QUEUED_SECONDS)


def note(state: Pass, tools: Tools) -> None:
    """After a pass: give the place back, unless the rollout still needs it."""
    names = state.instance.names
    engine, web = (state.child(DEPLOYMENT, name) for name in (names.engine, names.web))
    database = state.child(STATEFUL_SET, names.database)
    key = (state.instance.namespace, state.instance.name)
    if state.queued is None and not takes_place(engine, web, database, _jobs(state)):
        tools.rollouts.leave(key)


def _go(state: Pass, mark: str) -> None:
    state.rollout = mark
    state.always = rollout.marked(state.always, mark)
    state.workloads = rollout.marked(state.workloads, mark)


def _would_roll(state: Pass, tools: Tools) -> bool:
    """Whether something that rolls pods exists and is wanted otherwise than it was last applied.

    What somebody else changed is put back without asking: it was wanted like that before.
    """
    for manifest in (*state.always, *state.workloads):
        if manifest["kind"] not in rollout.ROLLED_KINDS:
            continue
        live = state.children.get(ref_of(manifest))
        if live is not None and tools.applier.is_new(manifest, live):
            return True
    return False


def _is_asked_for(state: Pass) -> bool:
    """Whether the spec has changed since the last pass that came to an end."""
    return state.instance.status.observed_generation != state.instance.generation


def _begun(state: Pass) -> str:
    """The mark of a rollout whose migration was let run before; the workloads follow it."""
    wanted = state.context.migration_hash[:HASH_LENGTH]
    engine, web = (
        mark_of(state.child(DEPLOYMENT, name))
        for name in (state.instance.names.engine, state.instance.names.web)
    )
    if marks.hash_of(engine) == wanted:
        # The engine went first; a process that died then has left the panel with the mark of before.
        return engine if web != engine else ""
    found = [
        mark_of(job)
        for job in _jobs(state)
        if (job["metadata"].get("labels") or {}).get(labels.MIGRATION) == wanted
    ]
    return next((mark for mark in found if mark), "")


def _jobs(state: Pass) -> list[Object]:
    return [
        obj
        for ref, obj in sorted(state.children.items())
        if ref.kind == JOB and prune.is_owned_by(obj, state.instance.uid)
    ]

"""Step "gate": run the migration, and open the way for the workloads when it has succeeded.

The Job's name is the hash of what makes a migration worth running, so creating it twice is one Job.
Jobs of earlier hashes are deleted before a new one is made: the schema may have moved on since they
succeeded, and an old success must never open the gate again.
"""

import logging
from dataclasses import replace
from datetime import timedelta

from polyant_operator.api import labels
from polyant_operator.api import rollout as marks
from polyant_operator.api.names import HASH_LENGTH
from polyant_operator.desired import rollout, tree
from polyant_operator.desired.context import Context, Manifest
from polyant_operator.kube import errors, prune
from polyant_operator.kube.kinds import JOB, Object, Ref, ref_of
from polyant_operator.reconcile import conflicts
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import migration
from polyant_operator.verdicts.observed import Attempt

logger = logging.getLogger(__name__)

# A Job of another release that has not begun is not replaced before it is so old.
YOUNG = timedelta(minutes=1)
# How often such a Job is looked at.
ANOTHERS_SECONDS = 10.0

# A Job of the same name that is still being deleted is looked at again so often.
GOING_SECONDS = 2.0


async def look_at_gate(state: Pass, tools: Tools) -> None:  # noqa: ARG001 (one shape for all steps)
    """Find the tries of this migration among the live Jobs."""
    state.attempts = _attempts(state)
    state.gate_open = migration.is_done(state.attempts)


async def run_migration(state: Pass, tools: Tools) -> None:
    """Create the Job that is due; remove superseded, stale and surplus ones."""
    if not state.may_roll or not state.hash_known:
        return
    if _is_anothers_turn(state, tools):
        return
    for ref, job in _superseded(state):
        await _remove(state, tools, ref, job)
    await _replace_stale(state, tools)
    due = migration.next_try(state.attempts, state.now, _seen_failed(state, tools))
    if due.number is None or due.after is None:
        return
    if due.after > 0:
        state.again(due.after)
        return
    await _create(state, tools, due.number)
    for attempt in _surplus(state.attempts):
        await _remove(state, tools, ref_of(attempt.job), dict(attempt.job))


def _seen_failed(state: Pass, tools: Tools) -> float:
    """For how long this process has known that the last try failed."""
    last = state.attempts[-1] if state.attempts else None
    if last is None or not migration.is_failed(last):
        return 0.0
    return tools.waits.seconds(last.job["metadata"].get("uid"))


def _is_anothers_turn(state: Pass, tools: Tools) -> bool:
    """Whether a Job that another release of the operator made is to be left alone for now.

    During an upgrade, or when two operators run by mistake, each wants a Job of its own: neither may
    end the other's migration, nor replace its Jobs faster than people can look.
    """
    for job in _jobs(state).values():
        made_by = (job["metadata"].get("annotations") or {}).get(labels.RELEASE)
        if made_by in (None, tools.options.release):
            continue
        attempt = Attempt(number=_number(job), job=job, pods=_pods_of(state, job))
        if migration.is_complete(attempt) or migration.is_failed(attempt):
            continue
        if migration.has_begun(attempt) or _is_young(attempt, state, tools):
            state.awaited_job = f"{job['metadata']['name']} of operator release {made_by}"
            state.again(ANOTHERS_SECONDS)
            return True
    return False


def _is_young(attempt: Attempt, state: Pass, tools: Tools) -> bool:
    """By the time of day, and by a steady clock: one that was set back would make it wait for hours."""
    seen = tools.waits.seconds(("made by another", attempt.job["metadata"].get("uid")))
    return migration.age(attempt, state.now) < YOUNG and seen < YOUNG.total_seconds()


def _attempts(state: Pass) -> tuple[Attempt, ...]:
    if not state.hash_known:
        return ()
    wanted = state.context.migration_hash[:HASH_LENGTH]
    found = [
        Attempt(number=_number(job), job=job, pods=_pods_of(state, job))
        for job in _jobs(state).values()
        if _label(job, labels.MIGRATION) == wanted
    ]
    return tuple(sorted(found, key=lambda attempt: attempt.number))


def _jobs(state: Pass) -> dict[Ref, Object]:
    return {
        ref: obj
        for ref, obj in state.children.items()
        if ref.kind == JOB and prune.is_owned_by(obj, state.instance.uid)
    }


def _superseded(state: Pass) -> list[tuple[Ref, Object]]:
    wanted = state.context.migration_hash[:HASH_LENGTH]
    return [
        (ref, job)
        for ref, job in sorted(_jobs(state).items())
        if _label(job, labels.MIGRATION) != wanted
    ]


async def _replace_stale(state: Pass, tools: Tools) -> None:
    """Remove a try that could not even start and would start otherwise now."""
    last = state.attempts[-1] if state.attempts else None
    if last is None or migration.has_begun(last) or migration.is_failed(last):
        return
    manifest = tree.migration_job(state.instance, _for_try(state, last.number))
    if _template(last.job) != _template(manifest):
        logger.info("Job %s never started and is made anew", last.job["metadata"]["name"])
        await _remove(state, tools, ref_of(last.job), dict(last.job))


async def _create(state: Pass, tools: Tools, number: int) -> None:
    manifest = _marked(state, tree.migration_job(state.instance, _for_try(state, number)))
    try:
        job = await tools.client.create(manifest)
    except errors.Conflict:
        # Made by an earlier pass that did not live to see it, or still being deleted.
        job = await tools.client.get(JOB, state.instance.namespace, manifest["metadata"]["name"])
        if not prune.is_owned_by(job, state.instance.uid):
            state.trouble = conflicts.judge_taken(state, {ref_of(job): job})
            return
        if job["metadata"].get("deletionTimestamp"):
            # It goes once its pod has ended, which no watch of ours tells early.
            state.again(GOING_SECONDS)
            return
        job = await _in_our_shard(tools, job, _label(manifest, labels.SHARD))
    tools.cache.put(job)
    state.children[ref_of(job)] = job
    await look_at_gate(state, tools)


async def _in_our_shard(tools: Tools, job: Object, shard: str | None) -> Object:
    """Let the Job follow an instance that was moved to another shard, or no watch would show it."""
    if _label(job, labels.SHARD) == shard:
        return job
    metadata, patch = job["metadata"], {"metadata": {"labels": {labels.SHARD: shard}}}
    return await tools.client.merge(JOB, metadata["namespace"], metadata["name"], patch)


def _marked(state: Pass, manifest: Manifest) -> Manifest:
    """Let the Job say whose rollout it begins, if it begins one."""
    begins = marks.hash_of(state.rollout) == state.context.migration_hash[:HASH_LENGTH]
    return rollout.with_mark(manifest, state.rollout) if begins else manifest


async def _remove(state: Pass, tools: Tools, ref: Ref, job: Object) -> None:
    await prune.remove(tools.client, tools.cache, ref, job)
    state.children.pop(ref, None)
    await look_at_gate(state, tools)


def _surplus(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    failed = tuple(attempt for attempt in attempts if migration.is_failed(attempt))
    return failed[: -migration.TRIES]


def _for_try(state: Pass, number: int) -> Context:
    return replace(state.context, migration_attempt=number)


def _template(job: object) -> str | None:
    metadata = job["metadata"] if isinstance(job, dict) else {}
    return (metadata.get("annotations") or {}).get(labels.TEMPLATE_DIGEST)


def _number(job: Object) -> int:
    text = _label(job, labels.ATTEMPT) or "1"
    return int(text) if text.isdigit() else 1


def _label(job: Object, name: str) -> str | None:
    return (job["metadata"].get("labels") or {}).get(name)


def _pods_of(state: Pass, job: Object) -> tuple[Object, ...]:
    uid = job["metadata"].get("uid")
    return tuple(pod for pod in state.pods if uid and prune.is_owned_by(pod, uid))

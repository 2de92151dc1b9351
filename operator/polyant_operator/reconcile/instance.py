"""The reconciler: one pass over one instance, as a table of steps and the one loop that runs them.

    gather -> check names -> generate secrets -> build -> gate -> apply -> prune -> judge

A step that is refused ends in a condition: the steps after it are skipped, the status is written.
When the API server does not answer, the pass is tried again, and only after some tries told.
Every pass starts from what is, so a pass that died anywhere is finished by the next.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from polyant_operator.api import instance as api
from polyant_operator.api.conditions import Reason
from polyant_operator.api.errors import InvalidInstance
from polyant_operator.kube import errors
from polyant_operator.kube.apply import Held
from polyant_operator.observability import metrics
from polyant_operator.reconcile import (
    admitting,
    advising,
    authorities,
    building,
    conflicts,
    gate,
    gathering,
    generating,
    judging,
    rotating,
    scaling,
    volume,
    writing,
)
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts.observed import Trouble

Step = Callable[[Pass, Tools], Awaitable[None]]

STEPS: Final[tuple[tuple[str, Step], ...]] = (
    ("gather", gathering.gather_world),
    ("check names of Secrets", conflicts.check_secret_names),
    ("check names", conflicts.check_names),
    ("check volume", volume.check_volume),
    ("generate secrets", generating.generate_secrets),
    ("check secrets", generating.check_secrets),
    ("check authorities", authorities.check_authorities),
    ("rotate", rotating.rotate),
    ("build", building.build),
    ("advise", advising.advise),
    ("look at the gate", gate.look_at_gate),
    ("admit", admitting.admit),
    ("keep secrets", generating.keep_secrets),
    ("apply", writing.apply_always),
    ("migrate", gate.run_migration),
    ("note the major", volume.record_major),
    ("wake", scaling.wake),
    ("apply workloads", writing.apply_workloads),
    ("scale", scaling.scale),
    ("prune", writing.prune_children),
)


# After so many failures in a row a failing API server is told as the instance's trouble.
TOLD_AFTER: Final = 3


class Reconciler:
    """Runs passes over instances; remembers nothing that a restart may not forget."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._failures: dict[tuple[str, str], int] = {}
        # Instances, by uid, whose namespace is being deleted: no pass can do anything for them.
        self._ending: dict[tuple[str, str], str] = {}

    async def reconcile(self, namespace: str, name: str) -> float | None:
        """Run one pass; returns the seconds after which to look again, or None."""
        body = self._tools.cache.instance(namespace, name)
        if body is None or body["metadata"].get("deletionTimestamp"):
            # Owner references clean up; there is no finalizer to serve.
            self._failures.pop((namespace, name), None)
            self._ending.pop((namespace, name), None)
            self._tools.rollouts.leave((namespace, name))
            self._tools.leaders.forget((namespace, name))
            metrics.forget_instance(namespace, name)
            return None
        if self._ending.get((namespace, name)) == body["metadata"]["uid"]:
            return None
        try:
            parsed = api.parse(body)
        except InvalidInstance as invalid:
            trouble = Trouble(reason=Reason.INVALID_SPEC, message=str(invalid), stalled=True)
            self._tools.rollouts.leave((namespace, name))
            written = await judging.tell_trouble(body, trouble, self._tools)
            return None if written else judging.REFUSED_SECONDS
        return await self._pass(Pass(body=body, instance=parsed, now=self._tools.wall_clock()))

    async def _pass(self, state: Pass) -> float | None:
        key = (state.instance.namespace, state.instance.name)
        try:
            await self._run(state)
        except errors.KubeError as error:
            self._failures[key] = self._failures.get(key, 0) + 1
            if self._failures[key] >= TOLD_AFTER:
                trouble = Trouble(reason=Reason.API_UNAVAILABLE, message=str(error), stalled=False)
                await judging.tell_trouble(state.body, trouble, self._tools)
            raise
        self._failures.pop(key, None)
        return state.look_again

    async def _run(self, state: Pass) -> None:
        refusal = await run(state, self._tools, STEPS)
        if state.trouble is not None:
            if not await judging.tell_trouble(state.body, state.trouble, self._tools):
                state.again(judging.REFUSED_SECONDS)
        else:
            await judging.judge(state, self._tools)
        admitting.note(state, self._tools)
        if isinstance(refusal, errors.Terminating):
            self._ending[state.instance.namespace, state.instance.name] = state.instance.uid
            self._tools.rollouts.leave((state.instance.namespace, state.instance.name))
        elif refusal is not None:
            state.again(judging.REFUSED_SECONDS)


async def run(
    state: Pass, tools: Tools, steps: tuple[tuple[str, Step], ...]
) -> errors.Rejected | None:
    """Run the steps until one is in trouble; a refusal of the API server is trouble too."""
    for name, step in steps:
        try:
            await step(state, tools)
        except (errors.Forbidden, errors.Invalid) as refusal:
            state.trouble = trouble_of(name, refusal)
            return refusal
        except Held as held:
            # Somebody fights over an object of this step: the others go on without it.
            state.again(held.seconds)
            state.fights.append(f"{held}: somebody changes it each time.")
        if state.trouble is not None:
            return None
    return None


def trouble_of(step: str, refusal: errors.Rejected) -> Trouble:
    """What a refusal means for the people who wait for the instance."""
    if isinstance(refusal, errors.Terminating):
        text = "The namespace is being deleted: nothing more is written into it."
        return Trouble(reason=Reason.NAMESPACE_TERMINATING, message=text, stalled=False)
    message = f"Step '{step}': the API server refused {refusal}"
    if isinstance(refusal, errors.Invalid):
        cure = "Correct the field of the spec that it names."
        return Trouble(reason=Reason.REJECTED, message=f"{message}. {cure}", stalled=True)
    cure = "Grant the right, raise the quota or change the policy"
    if isinstance(refusal, errors.Denied):
        cure = "Change the policy, or what the spec asks for"
    text = f"{message}. {cure}: tried again in {judging.REFUSED_SECONDS:.0f} s."
    return Trouble(reason=Reason.FORBIDDEN, message=text, stalled=False)

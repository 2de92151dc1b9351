"""Steps "judge" and "write status": say what is true, once, and only when it changed."""

import logging
from typing import Any, Final

from polyant_operator.api.conditions import Reason
from polyant_operator.api.labels import Component, selector_text
from polyant_operator.desired import images, trust
from polyant_operator.kube import errors
from polyant_operator.kube.kinds import DEPLOYMENT, STATEFUL_SET, Object, ref_of
from polyant_operator.observability import metrics
from polyant_operator.reconcile import edge, generating
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import channels, migration, secrets, status, summary
from polyant_operator.verdicts.observed import Observed, Trouble, Workload
from polyant_operator.verdicts.status import Facts

logger = logging.getLogger(__name__)

# Pods are not watched: their waiting reasons are looked at again so often while something is amiss.
UNREADY_SECONDS = 10.0
# A permission, quota or policy may change without telling us.
REFUSED_SECONDS: Final = 30.0
STALLED_SECONDS = 60.0
# An election takes a moment; who leads then is told soon.
LEADERLESS_SECONDS: Final = 2.0
# Told as warnings although the operator goes on by itself: somebody has to know.
_WARNED = frozenset(
    {
        Reason.CLASS_MISSING.value,
        Reason.CONTAINER_NOT_CREATED.value,
        Reason.CRASH_LOOPING.value,
        Reason.DRIFT_REPEATS.value,
        Reason.FORBIDDEN.value,
        Reason.IMAGE_PULL_FAILED.value,
        Reason.POD_NOT_CREATED.value,
        Reason.UNSCHEDULABLE.value,
    }
)


async def judge(state: Pass, tools: Tools) -> None:
    """Judge the world and write the status if it says something new."""
    observed = observe(state, tools)
    judged = summary.verdicts(state.instance, observed)
    facts = _facts(state, tools)
    wanted = status.build(state.instance, observed, judged, state.status, facts)
    if not await write(state.body, wanted, tools):
        state.again(REFUSED_SECONDS)
    _look_again(state, wanted, tools)


async def tell_trouble(body: Object, trouble: Trouble, tools: Tools) -> bool:
    """Write that the operator cannot go on; what was known of the aspects stays.

    Says whether it could be written, as `write` does.
    """
    generation = int(body["metadata"].get("generation", 0))
    judged = summary.in_trouble(trouble)
    previous = body.get("status") or {}
    wanted = status.refused(judged, previous, generation, tools.wall_clock())
    return await write(body, wanted, tools)


async def write(body: Object, wanted: dict[str, Any], tools: Tools) -> bool:
    """Write a status unless it is there already, and tell what turned.

    Without the right to, an event and the log tell that the status is old; False asks to try again.
    """
    _publish(body["metadata"]["namespace"], body["metadata"]["name"], wanted)
    previous = body.get("status") or {}
    if previous == wanted:
        return True
    try:
        answer = await tools.client.apply_status(_applied(body, wanted))
    except errors.NotFound:
        logger.info("The instance was deleted meanwhile")
        return True
    except errors.Forbidden as refusal:
        await _tell_unwritten(body, refusal, tools)
        return False
    if _same_wishes(answer, body):
        # Else the watch shall bring it, as the news it is: somebody changed the wishes meanwhile.
        tools.cache.put(answer)
    await _tell(body, previous, wanted, tools)
    return True


async def _tell_unwritten(body: Object, refusal: errors.Forbidden, tools: Tools) -> None:
    cure = "Give the right back, for example by installing the chart again"
    if isinstance(refusal, errors.Denied):
        cure = "Change the policy"
    text = (
        f"The status cannot be written and is out of date: {refusal}. {cure}: tried again every"
        f" {REFUSED_SECONDS:.0f} s."
    )
    # The recorder knows what was said already; the log follows it.
    if await tools.recorder.say(body, "Warning", Reason.FORBIDDEN.value, text):
        logger.error("%s", text)


def _publish(namespace: str, name: str, told: dict[str, Any]) -> None:
    truths = {each["type"]: each["status"] for each in told["conditions"]}
    parts = {part: told.get(part) or {} for part in ("engine", "web")}
    metrics.show_conditions(namespace, name, truths)
    metrics.show_reason(namespace, name, str(_ready(told).get("reason")))
    metrics.show_replicas(namespace, name, parts)


def _applied(body: Object, wanted: dict[str, Any]) -> Object:
    metadata = body["metadata"]
    return {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "metadata": {"namespace": metadata["namespace"], "name": metadata["name"]},
        "status": wanted,
    }


def _same_wishes(answer: Object, body: Object) -> bool:
    names = ("generation", "annotations", "labels", "deletionTimestamp")
    return all(answer["metadata"].get(name) == body["metadata"].get(name) for name in names)


async def _tell(
    body: Object, previous: dict[str, Any], wanted: dict[str, Any], tools: Tools
) -> None:
    before, after = _ready(previous), _ready(wanted)
    stalled = _is_stalled(wanted)
    turned = any(before.get(name) != after.get(name) for name in ("status", "reason"))
    if not turned and stalled == _is_stalled(previous):
        return
    if after.get("reason") == Reason.NAMESPACE_TERMINATING.value:
        return  # such a namespace takes no events either
    kind = "Warning" if stalled or after.get("reason") in _WARNED else "Normal"
    await tools.recorder.say(body, kind, str(after.get("reason")), str(after.get("message")))
    logger.info(
        "Ready is %s: %s. %s", after.get("status"), after.get("reason"), after.get("message")
    )


def _is_stalled(told: dict[str, Any]) -> bool:
    return any(each.get("type") == "Stalled" for each in told.get("conditions") or ())


def _ready(told: dict[str, Any]) -> dict[str, Any]:
    listed = told.get("conditions") or ()
    return next((each for each in listed if each.get("type") == "Ready"), {})


def observe(state: Pass, tools: Tools) -> Observed:
    """The snapshot that the checks judge."""
    names = state.instance.names
    manifests = {ref_of(manifest): manifest for manifest in (*state.always, *state.workloads)}
    current = {
        ref: tools.applier.is_current(manifest, state.children.get(ref))
        for ref, manifest in manifests.items()
    }
    differing = tuple(str(ref) for ref, same in current.items() if not same)

    def workload(kind: Any, name: str, component: Component) -> Workload:
        live = state.child(kind, name)
        same = live is not None and current.get(ref_of(live), False)
        return Workload(live=live, pods=state.pods_of(component), current=same)

    return Observed(
        now=state.now,
        secrets=state.problems,
        missing_for=_missing_for(state, tools),
        key_unconfirmed=generating.is_unconfirmed(state),
        key_secret=names.encryption_key,
        hash_known=state.hash_known,
        database=workload(STATEFUL_SET, names.database, Component.DATABASE),
        attempts=state.attempts,
        awaited_job=state.awaited_job,
        queued=state.queued.message if state.queued else "",
        rotating=state.rotating,
        admin_doubtful=generating.is_admin_doubtful(state),
        admin_forgotten=generating.is_admin_forgotten(state),
        engine=workload(DEPLOYMENT, names.engine, Component.ENGINE),
        web=workload(DEPLOYMENT, names.web, Component.WEB),
        leader=state.leader,
        edge=edge.seen(state, tools, current),
        fights=tuple(state.fights),
        pending_changes=differing if state.instance.spec.paused else (),
    )


def _missing_for(state: Pass, tools: Tools) -> float | None:
    fact = (state.instance.uid, "Secrets")
    if state.problems:
        return tools.waits.seconds(fact)
    tools.waits.over(fact)
    return None


def _facts(state: Pass, tools: Tools) -> Facts:
    derived = trust.derive(state.instance)
    report = migration.report_of(state.attempts)
    return Facts(
        selector=selector_text(state.instance.name, Component.ENGINE),
        engine_image=images.engine(state.instance, tools.options),
        web_image=images.web(state.instance, tools.options),
        web_url=derived.web_url,
        engine_url=derived.engine_url,
        version=images.version(state.instance, tools.options),
        key_id=report.key_id if report else None,
    )


def _look_again(state: Pass, told: dict[str, Any], tools: Tools) -> None:
    truths = {each["type"]: each["status"] for each in told["conditions"]}
    missing_for = _missing_for(state, tools)
    if state.problems and not secrets.is_patience_over(state.instance, state.now, missing_for):
        state.again(secrets.RECHECK_SECONDS)
    if channels.is_election_due(state.leader):
        state.again(LEADERLESS_SECONDS)
    if "Stalled" in truths:
        state.again(STALLED_SECONDS)
    elif truths.get("Ready") != "True" and state.queued is None:
        state.again(UNREADY_SECONDS)

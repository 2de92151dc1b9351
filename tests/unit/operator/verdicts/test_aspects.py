"""Each aspect on its own: database, workloads, edge."""

import pytest

from polyant_operator.api.conditions import Reason
from polyant_operator.verdicts import database, edge, workloads
from polyant_operator.verdicts.observed import EdgeSeen, Live, Workload
from support.observations import attempt, healthy, instance, pod, waiting, workload

EXTERNAL = {"database": {"urlSecretRef": {"name": "db"}}}
INGRESS = {"edge": {"type": "Ingress", "host": "a.test", "className": "contour"}}
LIVE = {"metadata": {"name": "acme"}}


def test_an_embedded_database_is_judged_by_its_pod() -> None:
    observed = healthy(database=workload(0, pods=(waiting("ErrImagePull", "no image"),)))

    verdict = database.database_ready(instance(), observed)

    assert verdict.reason is Reason.IMAGE_PULL_FAILED
    assert "no image" in verdict.message


def test_a_database_of_the_users_is_unknown_until_the_migration_has_looked() -> None:
    verdict = database.database_ready(instance(EXTERNAL), healthy(attempts=(attempt(),)))

    assert (verdict.status, verdict.reason) == ("Unknown", Reason.PENDING)


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (65, "True", Reason.DATABASE_REACHABLE),
        (66, "False", Reason.DATABASE_NOT_SUPPORTED),
        (67, "False", Reason.DATABASE_NEWER),
        (68, "False", Reason.INSTALLATION_MISMATCH),
        (69, "False", Reason.DATABASE_UNREACHABLE),
        (70, "True", Reason.DATABASE_REACHABLE),
    ],
)
def test_the_exit_code_says_what_the_database_is_like(
    code: int, status: str, reason: Reason
) -> None:
    observed = healthy(attempts=(attempt(code=code),))

    verdict = database.database_ready(instance(EXTERNAL), observed)

    assert (verdict.status, verdict.reason) == (status, reason)


def test_a_deployment_that_does_not_exist_waits_for_the_gate() -> None:
    verdict = workloads.engine_available(healthy(engine=Workload()))

    assert (verdict.status, verdict.reason) == ("False", Reason.PENDING)


@pytest.mark.parametrize(("age", "reason"), [(29, "RollingOut"), (30, "NotReady")])
def test_a_pod_that_runs_has_half_a_minute_to_become_ready(age: int, reason: str) -> None:
    """Every rollout has this moment, and nothing is wrong in it."""
    starting = pod({"running": {}}, phase="Running", conditions={"Ready": "False"}, age=age)
    verdict = workloads.engine_available(healthy(engine=workload(0, pods=(starting,))))

    assert verdict.reason == reason
    assert "runs but is not ready" in verdict.message


def test_an_earlier_version_is_not_this_one() -> None:
    verdict = workloads.engine_available(healthy(engine=workload(current=False)))

    assert verdict.status == "False"
    assert "earlier version serves with 1 of 1" in verdict.message


@pytest.mark.parametrize(
    ("ready", "wanted", "reason"),
    [(2, 2, Reason.AVAILABLE), (0, 0, Reason.SCALED_TO_ZERO), (1, 2, Reason.ROLLING_OUT)],
)
def test_all_replicas_have_to_be_ready(ready: int, wanted: int, reason: Reason) -> None:
    verdict = workloads.web_available(healthy(web=workload(ready, wanted)))

    assert verdict.reason is reason
    assert verdict.status == ("False" if reason is Reason.ROLLING_OUT else "True")


# Of two wanted replicas: all there are, of this version, ready; and what is said of it.
ROLLOUTS = {
    "the first one starts": (
        (3, 1, 2),
        "1 of 2 is of this version; 2 replicas serve, earlier ones among them. New pods are starting.",
    ),
    "the last one starts": (
        (3, 2, 2),
        "2 of 2 are of this version; 2 replicas serve, earlier ones among them. New pods are starting.",
    ),
    "an old one ends": (
        (3, 2, 3),
        "2 of 2 replicas of this version are ready. 1 more is yet to end.",
    ),
    "a surplus ends": (
        (4, 4, 4),
        "2 of 2 replicas of this version are ready. 2 more are yet to end.",
    ),
    "all are new": ((2, 2, 1), "1 of 2 replicas are ready. New pods are starting."),
}


@pytest.mark.parametrize("name", ROLLOUTS)
def test_a_rollout_says_what_it_waits_for(name: str) -> None:
    (total, updated, ready), said = ROLLOUTS[name]
    rolling = rollout(total=total, updated=updated, ready=ready)

    verdict = workloads.engine_available(healthy(engine=rolling))

    assert (verdict.reason, verdict.message) == (Reason.ROLLING_OUT, said)


def test_a_new_pod_that_is_not_ready_is_not_hidden_behind_old_ones_that_are() -> None:
    slow = pod({"running": {}}, phase="Running", conditions={"Ready": "False"}, age=60)
    rolling = rollout(total=3, updated=1, ready=2, pods=(slow,))

    verdict = workloads.engine_available(healthy(engine=rolling))

    assert verdict.reason is Reason.NOT_READY
    assert verdict.message.startswith("1 of 2 is of this version; 2 replicas serve")
    assert "runs but is not ready" in verdict.message


def rollout(*, total: int, updated: int, ready: int, pods: tuple[Live, ...] = ()) -> Workload:
    rolling = workload(2, 2, pods=pods)
    assert rolling.live is not None
    counts = {"replicas": total, "updatedReplicas": updated, "readyReplicas": ready}
    rolling.live["status"].update(counts | {"availableReplicas": ready})
    return rolling


def test_old_pods_beside_the_new_ones_are_a_rollout() -> None:
    surplus = workload(2, 1)

    assert workloads.web_available(healthy(web=surplus)).reason is Reason.ROLLING_OUT


def test_a_status_of_an_earlier_template_is_not_believed() -> None:
    stale = workload()
    assert stale.live is not None
    stale.live["metadata"]["generation"] = 2

    verdict = workloads.web_available(healthy(web=stale))

    assert verdict.reason is Reason.ROLLING_OUT
    assert verdict.message.startswith("Before the latest change, 1 of 1 were ready.")


def test_pods_that_kubernetes_refuses_are_told_with_its_words() -> None:
    refused = workload(0)
    assert refused.live is not None
    condition = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}
    refused.live["status"]["conditions"] = [condition]

    verdict = workloads.web_available(healthy(web=refused))

    assert verdict.reason is Reason.POD_NOT_CREATED
    assert "exceeded quota" in verdict.message


@pytest.mark.parametrize(
    ("classes", "reason", "words"),
    [
        ((), Reason.CLASS_MISSING, "install an ingress controller"),
        (({"metadata": {"name": "nginx"}},), Reason.CLASS_MISSING, "The cluster has: nginx"),
        (({"metadata": {"name": "contour"}},), Reason.ADDRESS_PENDING, "no address yet"),
        (None, Reason.ADDRESS_PENDING, "no address yet"),
    ],
)
def test_an_ingress_needs_its_class_where_classes_can_be_seen(
    classes: tuple[dict[str, object], ...] | None, reason: Reason, words: str
) -> None:
    seen = EdgeSeen(ingress=LIVE, classes=classes)

    verdict = edge.edge_ready(instance(INGRESS), healthy(edge=seen))

    assert verdict.reason is reason
    assert words in verdict.message
    assert verdict.blocks == (reason is Reason.CLASS_MISSING)


def test_an_ingress_with_an_address_is_in_place() -> None:
    live = LIVE | {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
    seen = EdgeSeen(ingress=live, classes=None)

    verdict = edge.edge_ready(instance(INGRESS), healthy(edge=seen))

    assert verdict.reason is Reason.EDGE_APPLIED


def test_without_a_class_name_some_class_has_to_be_the_default() -> None:
    spec = {"edge": {"type": "Ingress", "host": "a.test"}}
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"}
    default = {"metadata": {"name": "x", "annotations": annotations}}

    def reason(*classes: Live) -> Reason:
        seen = EdgeSeen(ingress=LIVE, classes=classes)
        return edge.edge_ready(instance(spec), healthy(edge=seen)).reason

    assert reason(default) is Reason.ADDRESS_PENDING
    assert reason({"metadata": {"name": "x"}}) is Reason.CLASS_MISSING

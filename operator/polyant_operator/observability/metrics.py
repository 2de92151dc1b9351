"""The metrics of the operator, under controller-runtime's names where one exists.

Existing dashboards for controllers therefore work unchanged. Labels never carry free text.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_NAME = "polyantinstance"

workqueue_depth = Gauge(
    "workqueue_depth", "Keys waiting to be worked on.", ["name"], registry=REGISTRY
).labels(_NAME)
workqueue_adds = Counter(
    "workqueue_adds", "Keys added to the queue.", ["name"], registry=REGISTRY
).labels(_NAME)
workqueue_retries = Counter(
    "workqueue_retries", "Keys put back after a failure.", ["name"], registry=REGISTRY
).labels(_NAME)
workqueue_queue_seconds = Histogram(
    "workqueue_queue_duration_seconds",
    "Time a key waited.",
    ["name"],
    registry=REGISTRY,
    buckets=_SECONDS,
).labels(_NAME)
workqueue_work_seconds = Histogram(
    "workqueue_work_duration_seconds",
    "Time a key was worked on.",
    ["name"],
    registry=REGISTRY,
    buckets=_SECONDS,
).labels(_NAME)
reconcile_seconds = Histogram(
    "controller_runtime_reconcile_time_seconds",
    "Time of one reconcile.",
    ["controller"],
    registry=REGISTRY,
    buckets=_SECONDS,
).labels(_NAME)
reconciles = Counter(
    "controller_runtime_reconcile",
    "Reconciles by result: success, requeue_after, error.",
    ["controller", "result"],
    registry=REGISTRY,
)
reconcile_errors = Counter(
    "controller_runtime_reconcile_errors", "Failed reconciles.", ["controller"], registry=REGISTRY
).labels(_NAME)
instance_condition = Gauge(
    "polyant_instance_condition",
    "1 = the condition is True, 0 = False, -1 = Unknown.",
    ["namespace", "name", "type"],
    registry=REGISTRY,
)
drift_repaired = Counter(
    "polyant_drift_repaired",
    "Foreign changes to our fields that were reverted.",
    ["kind"],
    registry=REGISTRY,
)
api_requests = Counter(
    "polyant_api_requests",
    "Requests to the API server.",
    ["verb", "resource", "code"],
    registry=REGISTRY,
)
canary_age = Gauge(
    "polyant_watch_canary_age_seconds",
    "Age of the last change seen through a watch.",
    registry=REGISTRY,
)
is_leader = Gauge("polyant_operator_leader", "1 = this replica does the work.", registry=REGISTRY)
leader_transitions = Counter(
    "polyant_operator_leader_transitions", "Leaderships won by this process.", registry=REGISTRY
)


def count_reconcile(result: str) -> None:
    """Count one reconcile under its result."""
    reconciles.labels(_NAME, result).inc()
    if result == "error":
        reconcile_errors.inc()


def show_conditions(namespace: str, name: str, conditions: dict[str, str]) -> None:
    """Publish the conditions of an instance; those it no longer has disappear."""
    value = {"True": 1, "False": 0}
    forget_instance(namespace, name, keep=frozenset(conditions))
    for kind, status in conditions.items():
        instance_condition.labels(namespace, name, kind).set(value.get(status, -1))


def forget_instance(namespace: str, name: str, keep: frozenset[str] = frozenset()) -> None:
    """Drop the series of an instance that is gone, except the condition types to keep."""
    for labels in list(instance_condition._metrics):  # noqa: SLF001 (the library offers no listing of label sets)
        if labels[:2] == (namespace, name) and labels[2] not in keep:
            instance_condition.remove(*labels)

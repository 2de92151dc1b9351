"""The metrics of the operator, under controller-runtime's names where one exists.

Existing dashboards for controllers therefore work unchanged. Labels never carry free text.
"""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

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
workqueue_unfinished_seconds = Gauge(
    "workqueue_unfinished_work_seconds",
    "Seconds of work in progress that no finished work accounts for yet, over all keys.",
    ["name"],
    registry=REGISTRY,
).labels(_NAME)
workqueue_longest_seconds = Gauge(
    "workqueue_longest_running_processor_seconds",
    "Seconds the longest running worker has been at its key.",
    ["name"],
    registry=REGISTRY,
).labels(_NAME)
active_workers = Gauge(
    "controller_runtime_active_workers", "Workers at work.", ["controller"], registry=REGISTRY
).labels(_NAME)
max_workers = Gauge(
    "controller_runtime_max_concurrent_reconciles",
    "Workers there are.",
    ["controller"],
    registry=REGISTRY,
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
instance_reason = Gauge(
    "polyant_instance_reason",
    "1 = the reason of the instance's Ready condition (docs/reference/conditions.md).",
    ["namespace", "name", "reason"],
    registry=REGISTRY,
)
instance_replicas = Gauge(
    "polyant_instance_replicas",
    "Pods of a component: those there are, and those that are ready.",
    ["namespace", "name", "component", "state"],
    registry=REGISTRY,
)
leader_age = Gauge(
    "polyant_instance_leader_age_seconds",
    "Seconds for which no engine has led, 0 = one does; absent while no engine is ready.",
    ["namespace", "name"],
    registry=REGISTRY,
)
drift_repaired = Counter(
    "polyant_drift_repaired",
    "Foreign changes to our fields that were reverted.",
    ["kind"],
    registry=REGISTRY,
)
drift_repeats = Counter(
    "polyant_drift_repeats",
    "Foreign changes to our fields that wait to be reverted, because they come again and again.",
    ["kind"],
    registry=REGISTRY,
)
api_requests = Counter(
    "rest_client_requests",
    "Requests to the API server; code is `error` when no answer came.",
    ["method", "resource", "code"],
    registry=REGISTRY,
)
canary_age = Gauge(
    "polyant_watch_canary_age_seconds",
    "Age of the last change seen through a watch.",
    registry=REGISTRY,
)
is_leader = Gauge("polyant_operator_leader", "1 = this replica does the work.", registry=REGISTRY)
rivals = Gauge(
    "polyant_operator_rivals",
    "Other operators at work that serve the same instances: 0 unless by mistake.",
    registry=REGISTRY,
)
leader_transitions = Counter(
    "polyant_operator_leader_transitions", "Leaderships won by this process.", registry=REGISTRY
)


def count_reconcile(result: str) -> None:
    """Count one reconcile under its result."""
    reconciles.labels(_NAME, result).inc()
    if result == "error":
        reconcile_errors.inc()


class _PerInstance:
    """A gauge of which each instance has some series; those it no longer has disappear."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._shown: dict[tuple[str, str], Mapping[tuple[str, ...], float]] = {}

    def show(self, namespace: str, name: str, values: Mapping[tuple[str, ...], float]) -> None:
        """Publish exactly these series of an instance."""
        shown = self._shown.get((namespace, name), {})
        if shown == values:
            return  # a pass that changes nothing looks up no series
        for labels in shown.keys() - values.keys():
            self._gauge.remove(namespace, name, *labels)
        for labels, value in values.items():
            self._gauge.labels(namespace, name, *labels).set(value)
        self._shown[namespace, name] = values

    def forget(self, namespace: str, name: str) -> None:
        """Publish nothing of an instance."""
        self.show(namespace, name, {})
        self._shown.pop((namespace, name), None)


_conditions, _reasons = _PerInstance(instance_condition), _PerInstance(instance_reason)
_replicas, _leader_ages = _PerInstance(instance_replicas), _PerInstance(leader_age)
_TRUTHS = {"True": 1, "False": 0}


def show_conditions(namespace: str, name: str, conditions: Mapping[str, str]) -> None:
    """Publish the conditions of an instance."""
    values: dict[tuple[str, ...], float] = {
        (kind,): _TRUTHS.get(status, -1) for kind, status in conditions.items()
    }
    _conditions.show(namespace, name, values)


def show_reason(namespace: str, name: str, reason: str) -> None:
    """Publish why the instance is ready or isn't."""
    _reasons.show(namespace, name, {(reason,): 1})


def show_replicas(namespace: str, name: str, parts: Mapping[str, Mapping[str, int]]) -> None:
    """Publish how many pods each component has and how many of them are ready."""
    values: dict[tuple[str, ...], float] = {}
    for component, counts in parts.items():
        values[component, "existing"] = counts.get("replicas", 0)
        values[component, "ready"] = counts.get("ready", 0)
    _replicas.show(namespace, name, values)


def show_leader_age(namespace: str, name: str, seconds: float | None) -> None:
    """Publish for how long no engine has led; None: none can."""
    _leader_ages.show(namespace, name, {} if seconds is None else {(): seconds})


def forget_instance(namespace: str, name: str) -> None:
    """Drop the series of an instance that is gone."""
    for each in (_conditions, _reasons, _replicas, _leader_ages):
        each.forget(namespace, name)

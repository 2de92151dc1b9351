"""What Prometheus may know of the election."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from polyant_engine.leadership.records import Reason

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)


class ElectionMetrics:
    """Counts leaderships, and the calls that decide about them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.leader = Gauge(
            "polyant_leader", "1 = this replica leads and its work may run.", registry=registry
        )
        self.epoch = Gauge(
            "polyant_leader_epoch", "Epoch of this replica's term, 0 = none.", registry=registry
        )
        self._terms = Counter(
            "polyant_leader_terms", "Terms that this process began.", registry=registry
        )
        self._ends = Counter(
            "polyant_leader_ends",
            "Leaderships that ended, by reason.",
            ("reason",),
            registry=registry,
        )
        self._calls = Histogram(
            "polyant_election_call_seconds",
            "Time of calls to the lease's store and to the fence.",
            ("call",),
            buckets=SECONDS,
            registry=registry,
        )
        self._failures = Counter(
            "polyant_election_failures",
            "Calls to the lease's store and to the fence that failed or took too long.",
            ("call",),
            registry=registry,
        )

    def started(self, epoch: int) -> None:
        """Note a term."""
        self._terms.inc()
        self.leader.set(1)
        self.epoch.set(epoch)

    def stopped(self, reason: Reason) -> None:
        """Note the end of a leadership."""
        self._ends.labels(reason.value).inc()
        self.leader.set(0)
        self.epoch.set(0)

    def answered(self, call: str, seconds: float) -> None:
        """Note a call that was answered."""
        self._calls.labels(call).observe(seconds)

    def failed(self, call: str) -> None:
        """Note a call that was not."""
        self._failures.labels(call).inc()

"""The numbers of one panel process, in a registry of its own so that two apps never collide."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)


class Metrics:
    """Counters of pages and of calls to the engine."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "polyant_web_requests",
            "Requests answered, by route.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "polyant_web_request_seconds",
            "Time until the last byte of an answer, by route.",
            ["route"],
            registry=self.registry,
        )
        self.engine_calls = Counter(
            "polyant_web_engine_calls",
            "Calls to the engine; status is `away` when it did not answer.",
            ["method", "status"],
            registry=self.registry,
        )
        self.streams = Gauge(
            "polyant_web_open_streams", "Answers being streamed now.", registry=self.registry
        )

    def render(self) -> bytes:
        """Return the exposition text."""
        return generate_latest(self.registry)

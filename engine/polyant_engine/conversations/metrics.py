"""What Prometheus may know of turns: how many, how they end, how long the model takes."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from polyant_engine.conversations.answer import Answer
from polyant_engine.conversations.model import Ending

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
UNKNOWN = "none"


class TurnMetrics:
    """Counts turns as they are committed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._turns = Counter(
            "polyant_turns",
            "Turns by how they ended; the error is a code of docs/reference/chat-api.md.",
            ("state", "error"),
            registry=registry,
        )
        self._first = Histogram(
            "polyant_model_first_token_seconds",
            "Time until a model gave its first sign of an answer.",
            buckets=SECONDS,
            registry=registry,
        )
        self._whole = Histogram(
            "polyant_model_call_seconds",
            "Time of whole model calls, retries included.",
            buckets=SECONDS,
            registry=registry,
        )

    def record(self, ending: Ending, answer: Answer) -> None:
        """Count one turn."""
        self._turns.labels(ending.state.value, ending.error or UNKNOWN).inc()
        if answer.first_token_ms is not None:
            self._first.observe(answer.first_token_ms / 1000)
            self._whole.observe(answer.duration_ms / 1000)

"""The engine: how many replicas, their pods, and the knobs of the product."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from polyant_operator.api.environment import Variable, VariableSet
from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model, matching
from polyant_operator.api.pod import Pod

# The engine's own defaults, needed here to compare and to compute grace periods.
DEFAULT_DEBOUNCE_MS: Final = 2000
DEFAULT_TYPING_DELAY_MS: Final = 1500
DEFAULT_AGENT_CALL_TIMEOUT_MS: Final = 60000

Count = Annotated[int, Field(ge=1, le=100000)]


def _chosen(value: int | None, default: int) -> int:
    return default if value is None else value


class Tunables(Model):
    """Numbers of the product; one left out keeps the engine's default."""

    message_soft_debounce_ms: Annotated[int, Field(ge=0, le=60000)] | None = None
    message_typing_delay_ms: Annotated[int, Field(ge=0, le=60000)] | None = None
    message_max_restarts: Annotated[int, Field(ge=0, le=20)] | None = None
    agent_call_timeout_ms: Annotated[int, Field(ge=1000, le=900000)] | None = None
    sse_max_connections: Count | None = None
    sse_max_connections_per_user: Count | None = None
    analytics_retention_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    knowledge_max_docs_per_agent: Count | None = None
    dedup_similarity_threshold: (
        Annotated[
            str,
            Field(min_length=1, max_length=6),
            matching(
                r"0(\.[0-9]{1,4})?|1(\.0{1,4})?",
                "is not between 0 and 1",
                'write for example "0.90"',
            ),
        ]
        | None
    ) = None
    datetime_timezone: (
        Annotated[
            str,
            Field(min_length=1, max_length=64),
            matching(
                r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*",
                "is not a time zone",
                "write for example UTC or Europe/Rome",
            ),
        ]
        | None
    ) = None
    datetime_locale: (
        Annotated[
            str,
            Field(min_length=2, max_length=35),
            matching(
                r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", "is not a locale", "write for example en-US"
            ),
        ]
        | None
    ) = None

    @property
    def agent_call_seconds(self) -> int:
        """Give the longest agent call, in whole seconds, rounded up."""
        return -(-(self.agent_call_timeout_ms or DEFAULT_AGENT_CALL_TIMEOUT_MS) // 1000)

    @model_validator(mode="after")
    def _typing_before_reply(self) -> Self:
        typing = _chosen(self.message_typing_delay_ms, DEFAULT_TYPING_DELAY_MS)
        debounce = _chosen(self.message_soft_debounce_ms, DEFAULT_DEBOUNCE_MS)
        if typing > debounce:
            raise refusal(
                "messageTypingDelayMs (default 1500) is longer than"
                " messageSoftDebounceMs (default 2000)",
                "lower the first or raise the second:"
                " a person would see typing only after the answer has begun",
            )
        return self


class Autoscaling(Model):
    """Replicas by load."""

    min_replicas: Annotated[int, Field(ge=1, le=100)] = 2
    max_replicas: Annotated[int, Field(ge=1, le=100)]
    target_cpu_utilization: Annotated[int, Field(alias="targetCPUUtilization", ge=1, le=1000)] = 70

    @model_validator(mode="after")
    def _from_few_to_many(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise refusal(
                "minReplicas (default 2) is above maxReplicas",
                "lower the first or raise the second",
                at="minReplicas",
            )
        return self


class Engine(Model):
    """The engine's Deployment."""

    replicas: Annotated[int, Field(ge=0, le=100)] = 1
    pod: Pod = Pod()
    env: Annotated[tuple[Variable, ...], Field(max_length=128)] = ()
    env_from: Annotated[tuple[VariableSet, ...], Field(max_length=16)] = ()
    autoscaling: Autoscaling | None = None
    external_scaling: bool = False
    tunables: Tunables = Tunables()

    @model_validator(mode="after")
    def _one_autoscaler(self) -> Self:
        if self.autoscaling is not None and self.external_scaling:
            raise refusal(
                "autoscaling and externalScaling exclude each other",
                "keep autoscaling for an autoscaler of the operator,"
                " or externalScaling for one of your own",
            )
        return self

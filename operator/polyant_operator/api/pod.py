"""What a user may say about pods: under every pod (`podDefaults`) and per component (`pod`)."""

from re import compile as pattern
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model
from polyant_operator.api.quantities import Quantity
from polyant_operator.api.references import SecretName
from polyant_operator.api.volumes import Volume, VolumeMount

_OURS: Final = ("app.kubernetes.io/", "polyant.ai/")
_KEY: Final = pattern(
    r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_VALUE: Final = pattern(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")


def _well_named(value: dict[str, str]) -> dict[str, str]:
    if wrong := sorted(key for key in value if not _KEY.fullmatch(key)):
        raise refusal(
            f"'{wrong[0]}' is not a valid key",
            "write name or prefix/name, of letters, digits, '-', '_' and '.'",
        )
    return value


def _well_valued(value: dict[str, str]) -> dict[str, str]:
    if wrong := [text for _, text in sorted(value.items()) if not _VALUE.fullmatch(text)]:
        raise refusal(
            f"'{wrong[0]}' is not a valid label value",
            "use letters, digits, '-', '_' and '.', with a letter or digit at both ends",
        )
    return value


def _foreign_keys(value: dict[str, str]) -> dict[str, str]:
    if taken := sorted(key for key in value if key.startswith(_OURS)):
        raise refusal(
            f"'{taken[0]}' belongs to the operator",
            "use keys outside app.kubernetes.io/ and polyant.ai/",
        )
    return value


Labels = Annotated[
    dict[str, Annotated[str, Field(max_length=63)]],
    Field(max_length=32),
    AfterValidator(_well_named),
    AfterValidator(_foreign_keys),
    AfterValidator(_well_valued),
]
Annotations = Annotated[
    dict[str, Annotated[str, Field(max_length=4096)]],
    Field(max_length=32),
    AfterValidator(_well_named),
    AfterValidator(_foreign_keys),
]
NodeSelector = Annotated[
    dict[str, Annotated[str, Field(max_length=63)]],
    Field(max_length=32),
    AfterValidator(_well_named),
    AfterValidator(_well_valued),
]
# Whole numbers may come without quotes, as people write `cpu: 1`.
Amount = Annotated[int, Field(ge=0)] | Quantity
Amounts = Annotated[dict[str, Amount], Field(max_length=16)]


class Resources(Model):
    """Processor and memory of the main container."""

    requests: Amounts | None = None
    limits: Amounts | None = None


class Toleration(Model):
    """A taint the pods put up with."""

    key: Annotated[str, Field(max_length=317)] | None = None
    operator: Annotated[str, Field(pattern="^(Exists|Equal)$")] | None = None
    value: Annotated[str, Field(max_length=63)] | None = None
    effect: Annotated[str, Field(pattern="^(NoSchedule|PreferNoSchedule|NoExecute)$")] | None = None
    toleration_seconds: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _value_only_to_compare(self) -> Self:
        if self.operator == "Exists" and self.value:
            raise refusal(
                "toleration with operator Exists has a value",
                "remove the value, or use operator Equal",
            )
        return self

    @model_validator(mode="after")
    def _key_or_every_taint(self) -> Self:
        if not self.key and self.operator != "Exists":
            raise refusal(
                "toleration without a key needs operator Exists",
                "add the key, or operator: Exists to put up with every taint",
            )
        return self

    @model_validator(mode="after")
    def _time_only_before_eviction(self) -> Self:
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise refusal(
                "tolerationSeconds needs effect NoExecute",
                "set the effect, or remove tolerationSeconds",
            )
        return self


class TopologySpread(Model):
    """How replicas are spread; the operator adds the selector of the component's own pods."""

    topology_key: Annotated[str, Field(min_length=1, max_length=317)]
    when_unsatisfiable: Annotated[str, Field(pattern="^(DoNotSchedule|ScheduleAnyway)$")] = (
        "ScheduleAnyway"
    )
    max_skew: Annotated[int, Field(ge=1, le=100)] = 1


class Pod(Model):
    """Settings of a pod; the component's own win over the defaults, maps are merged by key."""

    resources: Resources | None = None
    node_selector: NodeSelector | None = None
    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=32)] | None = None
    # Kubernetes' own structure, checked by the schema in crds/ and passed on unread.
    affinity: dict[str, JsonValue] | None = None
    topology_spread_constraints: (
        Annotated[tuple[TopologySpread, ...], Field(max_length=8)] | None
    ) = None
    priority_class_name: SecretName | None = None
    labels: Labels | None = None
    annotations: Annotations | None = None
    extra_volumes: Annotated[tuple[Volume, ...], Field(max_length=32)] | None = None
    extra_volume_mounts: Annotated[tuple[VolumeMount, ...], Field(max_length=32)] | None = None

"""What a user may say about pods: under every pod (`podDefaults`) and per component (`pod`)."""

from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model
from polyant_operator.api.quantities import Quantity
from polyant_operator.api.references import SecretName
from polyant_operator.api.volumes import Volume, VolumeMount

_OURS = ("app.kubernetes.io/", "polyant.ai/")


def _foreign_keys(value: dict[str, str]) -> dict[str, str]:
    if taken := sorted(key for key in value if key.startswith(_OURS)):
        raise refusal(
            f"'{taken[0]}' belongs to the operator",
            "use keys outside app.kubernetes.io/ and polyant.ai/",
        )
    return value


MapKey = Annotated[str, Field(min_length=1, max_length=317)]
Labels = Annotated[
    dict[MapKey, Annotated[str, Field(max_length=63)]],
    Field(max_length=32),
    AfterValidator(_foreign_keys),
]
Annotations = Annotated[
    dict[MapKey, Annotated[str, Field(max_length=4096)]],
    Field(max_length=32),
    AfterValidator(_foreign_keys),
]
NodeSelector = Annotated[
    dict[MapKey, Annotated[str, Field(max_length=63)]],
    Field(max_length=32),
]
# Whole numbers may come without quotes, as people write `cpu: 1`.
Amount = Annotated[int, Field(ge=0)] | Quantity
Amounts = Annotated[dict[MapKey, Amount], Field(max_length=16)]


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

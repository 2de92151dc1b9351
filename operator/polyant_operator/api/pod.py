"""What a user may say about pods: under every pod (`podDefaults`) and per component (`pod`)."""

from typing import Annotated, Self

from pydantic import Field, JsonValue, model_validator

from polyant_operator.api.containers import Container, Sidecar
from polyant_operator.api.errors import refusal
from polyant_operator.api.metadata import Annotations, Labels, NodeSelector
from polyant_operator.api.model import Model
from polyant_operator.api.references import SecretName
from polyant_operator.api.resources import Resources
from polyant_operator.api.volumes import Volume, VolumeMount


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
    """Settings of a pod; the component's own win over the defaults, what has a name is merged by it."""

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
    init_containers: Annotated[tuple[Container, ...], Field(max_length=8)] | None = None
    sidecars: Annotated[tuple[Sidecar, ...], Field(max_length=8)] | None = None

    @model_validator(mode="after")
    def _distinct_containers(self) -> Self:
        taken = {container.name for container in self.init_containers or ()}
        for sidecar in self.sidecars or ():
            if sidecar.name in taken:
                raise refusal(
                    "a sidecar has the name of an init container",
                    "give each container of a pod a name of its own",
                    at="sidecars",
                )
        return self

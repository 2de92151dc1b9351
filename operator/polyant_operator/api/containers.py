"""Containers a user adds to our pods: init containers before ours, sidecars beside it.

What they ask for is Kubernetes' own and passed on as it is; `manifest` gives it.
"""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from polyant_operator.api.environment import Setting, VariableSet
from polyant_operator.api.errors import refusal
from polyant_operator.api.images import ImageReference
from polyant_operator.api.model import Model, matching
from polyant_operator.api.probes import Command, Lifecycle, PortNumber, Probe
from polyant_operator.api.resources import Resources
from polyant_operator.api.volumes import ContainerMount

ContainerName = Annotated[
    str,
    Field(min_length=1, max_length=63),
    matching(
        r"[a-z0-9]([-a-z0-9]*[a-z0-9])?",
        "is not a container name",
        "use lower-case letters, digits and '-'",
    ),
    matching(
        r"(?!(engine|migrate|postgresql|web)$).*",
        "is the name of a container of the operator",
        "choose another name",
    ),
]
PortName = Annotated[
    str,
    Field(min_length=1, max_length=15),
    matching(
        r"[a-z0-9]([-a-z0-9]*[a-z0-9])?",
        "is not a port name",
        "use at most 15 lower-case letters, digits and '-'",
    ),
]
Capability = Annotated[str, Field(min_length=1, max_length=64)]
Id = Annotated[int, Field(ge=0, le=2147483647)]


class Port(Model):
    """A port the container listens on."""

    name: PortName | None = None
    container_port: PortNumber
    protocol: Annotated[str, Field(pattern="^(TCP|UDP|SCTP)$")] = "TCP"


class Capabilities(Model):
    """Capabilities of Linux."""

    add: Annotated[tuple[Capability, ...], Field(max_length=32)] | None = None
    drop: Annotated[tuple[Capability, ...], Field(max_length=32)] | None = None


class SeccompProfile(Model):
    """A filter of system calls."""

    type: Annotated[str, Field(pattern="^(RuntimeDefault|Localhost|Unconfined)$")]
    localhost_profile: Annotated[str, Field(min_length=1, max_length=253)] | None = None

    @model_validator(mode="after")
    def _profile_of_its_type(self) -> Self:
        if (self.localhost_profile is not None) != (self.type == "Localhost"):
            raise refusal(
                "localhostProfile belongs to seccompProfile of type Localhost,"
                f" and type is '{self.type}'",
                "set both or neither",
            )
        return self


class SecurityContext(Model):
    """Rights of a container; what is left out is as the level `restricted` asks."""

    allow_privilege_escalation: bool | None = None
    read_only_root_filesystem: bool | None = None
    run_as_non_root: bool | None = None
    run_as_user: Id | None = None
    run_as_group: Id | None = None
    capabilities: Capabilities | None = None
    seccomp_profile: SeccompProfile | None = None


class Container(Model):
    """A container that runs to its end before ours starts."""

    name: ContainerName
    image: ImageReference
    image_pull_policy: Annotated[str, Field(pattern="^(Always|IfNotPresent|Never)$")] | None = None
    command: Command | None = None
    args: (
        Annotated[tuple[Annotated[str, Field(max_length=8192)], ...], Field(max_length=128)] | None
    ) = None
    working_dir: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    env: Annotated[tuple[Setting, ...], Field(max_length=64)] | None = None
    env_from: Annotated[tuple[VariableSet, ...], Field(max_length=16)] | None = None
    ports: Annotated[tuple[Port, ...], Field(max_length=16)] | None = None
    resources: Resources | None = None
    volume_mounts: Annotated[tuple[ContainerMount, ...], Field(max_length=32)] | None = None
    security_context: SecurityContext | None = None

    @property
    def manifest(self) -> dict[str, Any]:
        """Give the container as Kubernetes takes it, without what was left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Sidecar(Container):
    """A container that starts before ours, runs beside it and ends after it."""

    startup_probe: Probe | None = None
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None
    lifecycle: Lifecycle | None = None

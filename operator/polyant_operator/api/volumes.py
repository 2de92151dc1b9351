"""Volumes a user adds to our pods: certificates, skills on disk, caches."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model, matching
from polyant_operator.api.quantities import PositiveQuantity
from polyant_operator.api.references import SecretKey, SecretName

VolumeName = Annotated[
    str,
    Field(min_length=1, max_length=63),
    matching(
        r"[a-z0-9]([-a-z0-9]*[a-z0-9])?",
        "is not a volume name",
        "use lower-case letters, digits and '-'",
    ),
    matching(
        r"(?!(ca-bundle|data|kubernetes-api|run|tmp)$).*",
        "is the name of a volume of the operator",
        "choose another name",
    ),
]
AbsolutePath = Annotated[
    str,
    Field(min_length=2, max_length=512),
    matching(r"/[^:\s]+", "is not an absolute path", "write for example /etc/ca"),
]
MountPath = Annotated[
    AbsolutePath,
    matching(
        r"(?!(/tmp|/var/run|/run|/etc/polyant|/var/lib/postgresql)(/|$)).*",
        "is used by the operator",
        "choose a path outside /tmp, /run, /var/run, /etc/polyant and /var/lib/postgresql",
    ),
]

InnerPath = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        r"(?s:(?!/|\.\.)(?!.*/\.\.(/|$)).*)",
        "leaves the volume",
        "write a relative path without ..",
    ),
]


class VolumeItem(Model):
    """One key shown as one file."""

    key: SecretKey
    path: InnerPath


class ConfigMapVolume(Model):
    """Files from a ConfigMap."""

    name: SecretName
    items: Annotated[tuple[VolumeItem, ...], Field(max_length=64)] = ()
    optional: bool | None = None


class SecretVolume(Model):
    """Files from a Secret."""

    secret_name: SecretName
    items: Annotated[tuple[VolumeItem, ...], Field(max_length=64)] = ()
    optional: bool | None = None


class ClaimVolume(Model):
    """A volume of the user's own."""

    claim_name: SecretName
    read_only: bool | None = None


class EmptyVolume(Model):
    """Scratch space; bounded, because a node's disk is shared."""

    size_limit: PositiveQuantity


class Volume(Model):
    """A named volume with exactly one source."""

    name: VolumeName
    config_map: ConfigMapVolume | None = None
    secret: SecretVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None
    empty_dir: EmptyVolume | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = (self.config_map, self.secret, self.persistent_volume_claim, self.empty_dir)
        if sum(source is not None for source in given) != 1:
            raise refusal(
                f"volume '{self.name}' needs exactly one source",
                "keep one of configMap, secret, persistentVolumeClaim and emptyDir",
            )
        return self


class ContainerMount(Model):
    """Where a volume appears in a container of the user's."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    mount_path: AbsolutePath
    sub_path: InnerPath | None = None
    read_only: bool | None = None


class VolumeMount(ContainerMount):
    """Where a volume appears in our container, out of the way of our own."""

    mount_path: MountPath

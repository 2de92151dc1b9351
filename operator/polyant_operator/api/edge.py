"""What stands in front of web and engine, and under which addresses people and programs come."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model, matching
from polyant_operator.api.pod import Annotations
from polyant_operator.api.references import SecretName

Host = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
        "is not a host name",
        "write for example chat.example.com, without scheme, port or path",
    ),
    matching(r"(?![0-9.]+$).*", "is an address", "write a name, for example chat.example.com"),
]
_ORIGIN = r"https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?"
PublicUrl = Annotated[
    str,
    Field(min_length=1, max_length=270),
    matching(
        _ORIGIN,
        "is not a public URL",
        "write scheme://host or scheme://host:port, for example https://chat.example.com",
    ),
]
Origin = Annotated[
    str,
    Field(min_length=1, max_length=270),
    matching(
        _ORIGIN,
        "is not an origin",
        "write scheme://host or scheme://host:port; '*' would let every site call the engine",
    ),
]


def _distinct(value: tuple[str, ...]) -> tuple[str, ...]:
    if twice := sorted({item for item in value if value.count(item) > 1}):
        raise refusal(f"'{twice[0]}' is there twice", "keep each entry once")
    return value


class EdgeType(StrEnum):
    """What terminates TLS in front of the installation."""

    NONE = "None"
    EXTERNAL = "External"
    INGRESS = "Ingress"


class Tls(Model):
    """The certificate of an Ingress."""

    secret_name: SecretName


class Edge(Model):
    """The way in from outside; `External` sets everything but creates no object."""

    type: EdgeType
    host: Host | None = None
    engine_host: Host | None = None
    public_url: PublicUrl | None = None
    engine_public_url: PublicUrl | None = None
    class_name: SecretName | None = None
    annotations: Annotations | None = None
    tls: Tls | None = None
    trusted_proxy_hops: Annotated[int, Field(ge=0, le=5)] = 1
    additional_cors_origins: Annotated[
        tuple[Origin, ...], Field(max_length=32), AfterValidator(_distinct)
    ] = ()

    @property
    def exists(self) -> bool:
        """Tell whether anybody comes from outside."""
        return self.type is not EdgeType.NONE

    @model_validator(mode="after")
    def _has_address(self) -> Self:
        if self.type is EdgeType.INGRESS and self.host is None:
            raise refusal(
                "edge of type Ingress has no host", "set edge.host, for example chat.example.com"
            )
        if self.type is EdgeType.EXTERNAL and self.host is None and self.public_url is None:
            raise refusal(
                "edge of type External has neither host nor publicUrl",
                "set edge.publicUrl, for example https://chat.example.com",
            )
        return self

    @model_validator(mode="after")
    def _two_different_hosts(self) -> Self:
        if self.engine_host is not None and self.engine_host == self.host:
            raise refusal(
                f"engineHost '{self.engine_host}' equals host",
                "choose a second name, or remove engineHost: host serves the API too",
                at="engineHost",
            )
        return self

    @model_validator(mode="after")
    def _ingress_only(self) -> Self:
        given = {"className": self.class_name, "annotations": self.annotations, "tls": self.tls}
        misplaced = [name for name, value in given.items() if value is not None]
        if misplaced and self.type is not EdgeType.INGRESS:
            raise refusal(
                "className, annotations and tls need an edge of type Ingress,"
                f" which is '{self.type.value}'",
                "remove them or set edge.type: Ingress",
            )
        return self

    @model_validator(mode="after")
    def _believed_hops(self) -> Self:
        if self.exists and self.trusted_proxy_hops == 0:
            raise refusal(
                f"trustedProxyHops 0 contradicts an edge of type {self.type.value}",
                "set the number of proxies in front (1 when the edge is the only one):"
                " with 0 every client would have the address of the edge",
                at="trustedProxyHops",
            )
        return self

    @model_validator(mode="after")
    def _one_scheme(self) -> Self:
        if self.tls is not None and (self.public_url or "").startswith("http://"):
            raise refusal(
                f"publicUrl '{self.public_url}' is http while tls is set",
                "write https:// or remove tls",
                at="publicUrl",
            )
        return self

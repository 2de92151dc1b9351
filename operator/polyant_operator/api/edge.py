"""What stands in front of web and engine, and under which addresses people and programs come."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.gateway import ParentRef
from polyant_operator.api.metadata import Annotations
from polyant_operator.api.model import Model, distinct, matching
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


class EdgeType(StrEnum):
    """What terminates TLS in front of the installation."""

    NONE = "None"
    EXTERNAL = "External"
    INGRESS = "Ingress"
    HTTP_ROUTE = "HTTPRoute"


_ROUTED = (EdgeType.INGRESS, EdgeType.HTTP_ROUTE)


class IssuerRef(Model):
    """An issuer of cert-manager."""

    name: SecretName
    kind: Annotated[
        str,
        Field(min_length=1, max_length=63),
        matching(
            r"[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?", "is not a kind", "write for example Issuer"
        ),
    ] = "Issuer"
    group: SecretName = "cert-manager.io"


class Tls(Model):
    """The certificate of an Ingress: a Secret of the user's, or one that cert-manager fills."""

    secret_name: SecretName | None = None
    issuer_ref: IssuerRef | None = None

    @model_validator(mode="after")
    def _from_somewhere(self) -> Self:
        if self.secret_name is None and self.issuer_ref is None:
            raise refusal(
                "tls has neither secretName nor issuerRef",
                "name the Secret of your certificate, or an issuer of cert-manager",
            )
        return self


class Edge(Model):
    """The way in from outside; `External` sets everything but creates no object."""

    type: EdgeType
    host: Host | None = None
    engine_host: Host | None = None
    public_url: PublicUrl | None = None
    engine_public_url: PublicUrl | None = None
    parent_refs: Annotated[tuple[ParentRef, ...], Field(max_length=16)] = ()
    class_name: SecretName | None = None
    annotations: Annotations | None = None
    tls: Tls | None = None
    trusted_proxy_hops: Annotated[int, Field(ge=0, le=5)] = 1
    additional_cors_origins: Annotated[
        tuple[Origin, ...], Field(max_length=32), AfterValidator(distinct)
    ] = ()

    @property
    def exists(self) -> bool:
        """Tell whether anybody comes from outside."""
        return self.type is not EdgeType.NONE

    @model_validator(mode="after")
    def _has_address(self) -> Self:
        if self.type in _ROUTED and self.host is None:
            raise refusal(
                f"edge of type {self.type.value} has no host",
                "set edge.host, for example chat.example.com",
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
    def _attached(self) -> Self:
        if self.type is EdgeType.HTTP_ROUTE and not self.parent_refs:
            raise refusal(
                "edge of type HTTPRoute has no parentRefs",
                "name the Gateway it attaches to, for example"
                " parentRefs: [{name: public, namespace: gateways}]",
            )
        if self.type is not EdgeType.HTTP_ROUTE and "parent_refs" in self.model_fields_set:
            raise refusal(
                f"parentRefs needs an edge of type HTTPRoute, which is '{self.type.value}'",
                "remove it or set edge.type: HTTPRoute",
                at="parentRefs",
            )
        return self

    @model_validator(mode="after")
    def _class_of_an_ingress(self) -> Self:
        if self.class_name is not None and self.type is not EdgeType.INGRESS:
            raise refusal(
                f"className needs an edge of type Ingress, which is '{self.type.value}'",
                "remove it or set edge.type: Ingress",
                at="className",
            )
        return self

    @model_validator(mode="after")
    def _annotations_of_an_object(self) -> Self:
        if self.annotations is not None and self.type not in _ROUTED:
            raise refusal(
                "annotations need an edge of type Ingress or HTTPRoute,"
                f" which is '{self.type.value}'",
                "remove them or set edge.type",
                at="annotations",
            )
        return self

    @model_validator(mode="after")
    def _certificate_of_an_ingress(self) -> Self:
        if self.tls is not None and self.type is not EdgeType.INGRESS:
            raise refusal(
                f"tls needs an edge of type Ingress, which is '{self.type.value}'",
                "remove it: the certificate of an HTTPRoute belongs to the listener of its Gateway"
                if self.type is EdgeType.HTTP_ROUTE
                else "remove it or set edge.type: Ingress",
                at="tls",
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

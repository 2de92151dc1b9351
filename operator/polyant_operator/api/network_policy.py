"""Which connections the pods of the installation may have.

Peers are Kubernetes' own structure: the schema in crds/ checks their selectors, and they are passed
on unread but for the shape and the addresses, which the API server checks only when it is too late.
"""

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from re import compile as pattern
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model
from polyant_operator.api.probes import PortNumber

Network = IPv4Network | IPv6Network

# Python takes more than Kubernetes: no length at all, a mask, a length with zeros before it.
_RANGE: Final = pattern(r"[0-9a-fA-F.:]{1,45}/(0|[1-9][0-9]{0,2})")


class Egress(StrEnum):
    """Where pods may connect to."""

    OPEN = "Open"
    RESTRICTED = "Restricted"


def network(text: str) -> Network | None:
    """Read a range of addresses as Kubernetes would; none for what it refuses."""
    try:
        found = ip_network(text, strict=False) if _RANGE.fullmatch(text) else None
    except ValueError:
        return None
    mapped = isinstance(found, IPv6Network) and found.network_address.ipv4_mapped is not None
    return None if mapped else found


def _is_range(value: str) -> str:
    if network(value) is None:
        raise refusal(f"'{value}' is not a range of addresses", "write for example 10.0.0.0/8")
    return value


AddressRange = Annotated[str, Field(min_length=1, max_length=49), AfterValidator(_is_range)]


def _is_part(part: str, whole: str) -> bool:
    inner, outer = network(part), network(whole)
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner != outer and inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner != outer and inner.subnet_of(outer)
    return False


class AddressBlock(Model):
    """A range of addresses without some of its parts."""

    cidr: AddressRange
    # `except` is a word of Python.
    excluded: Annotated[tuple[AddressRange, ...], Field(alias="except", max_length=16)] = ()

    @model_validator(mode="after")
    def _parts_of_the_whole(self) -> Self:
        for part in self.excluded:
            if not _is_part(part, self.cidr):
                raise refusal(
                    f"except '{part}' is no smaller range inside '{self.cidr}'",
                    "write a part of it, or remove it",
                    at="except",
                )
        return self


class Peer(Model):
    """Pods and namespaces by their labels, or a range of addresses."""

    pod_selector: dict[str, JsonValue] | None = None
    namespace_selector: dict[str, JsonValue] | None = None
    ip_block: AddressBlock | None = None

    @property
    def manifest(self) -> dict[str, JsonValue]:
        """Give the peer as a NetworkPolicy takes it."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @model_validator(mode="after")
    def _addresses_or_selectors(self) -> Self:
        selectors = self.pod_selector is not None or self.namespace_selector is not None
        if (self.ip_block is not None) == selectors:
            raise refusal(
                "peer needs either ipBlock or selectors",
                "keep ipBlock, or podSelector and namespaceSelector",
            )
        return self


Peers = Annotated[tuple[Peer, ...], Field(max_length=32)]


class PolicyPort(Model):
    """A port or a range of ports."""

    protocol: Annotated[str, Field(pattern="^(TCP|UDP|SCTP)$")] = "TCP"
    port: PortNumber | None = None
    end_port: PortNumber | None = None

    @property
    def manifest(self) -> dict[str, JsonValue]:
        """Give the port as a NetworkPolicy takes it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @model_validator(mode="after")
    def _a_range_begins(self) -> Self:
        if self.end_port is not None and (self.port is None or self.port > self.end_port):
            raise refusal(
                "endPort has no port at or below it",
                "set port to the first of the range, or remove endPort",
                at="endPort",
            )
        return self


class EgressRule(Model):
    """Whom pods may connect to, and on which ports."""

    to: Peers = ()
    ports: Annotated[tuple[PolicyPort, ...], Field(max_length=32)] = ()

    @property
    def manifest(self) -> dict[str, JsonValue]:
        """Give the rule as a NetworkPolicy takes it."""
        ports: list[JsonValue] = [port.manifest for port in self.ports]
        peers: list[JsonValue] = [peer.manifest for peer in self.to]
        return {**({"to": peers} if peers else {}), **({"ports": ports} if ports else {})}

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.to and not self.ports:
            raise refusal(
                "a rule with neither to nor ports allows everything",
                "name peers or ports, or set egress: Open",
            )
        return self


class NetworkPolicy(Model):
    """Who may come in, and where the pods may go."""

    enabled: bool = True
    edge_from: Peers | None = None
    metrics_from: Peers | None = None
    egress: Egress = Egress.OPEN
    allow: Annotated[tuple[EgressRule, ...], Field(max_length=32)] = ()

    @model_validator(mode="after")
    def _allowed_beyond_restrictions(self) -> Self:
        if "allow" in self.model_fields_set and self.egress is not Egress.RESTRICTED:
            raise refusal(
                f"allow has no use while egress is '{self.egress.value}'",
                "set egress: Restricted, or remove allow",
                at="allow",
            )
        return self

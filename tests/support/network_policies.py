"""What Kubernetes' NetworkPolicies allow, by the words of its documentation: for judging ours.

Written from https://kubernetes.io/docs/concepts/services-networking/network-policies/ and the API
reference alone; nothing of the operator is used here, so that a mistake there is not repeated.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, TypeAlias

Policy: TypeAlias = Mapping[str, Any]
Labels: TypeAlias = Mapping[str, str]
# The label that every namespace has, with its name.
NAMESPACE_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True, kw_only=True)
class Address:
    """Something with an address that is no pod of the cluster."""

    ip: str


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node: what runs on it may reach its own pods whatever the policies say."""

    ip: str


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod as far as policies can tell it from others."""

    ip: str
    namespace: str
    labels: Labels = field(default_factory=dict)
    namespace_labels: Labels = field(default_factory=dict)
    # Names of container ports.
    ports: Mapping[str, int] = field(default_factory=dict)
    node: Node | None = None

    @property
    def all_namespace_labels(self) -> Labels:
        """The labels of its namespace, with the one that Kubernetes sets."""
        return {**self.namespace_labels, NAMESPACE_NAME: self.namespace}


End: TypeAlias = Pod | Node | Address


@dataclass(frozen=True, kw_only=True)
class Port:
    """What a connection goes to."""

    number: int
    protocol: str = "TCP"


def allows(policies: Sequence[Policy], source: End, target: End, port: Port) -> bool:
    """Whether a connection is allowed: by the egress of its source and the ingress of its target."""
    if isinstance(source, Pod) and not _passes(policies, "Egress", source, target, target, port):
        return False
    if isinstance(target, Pod):
        if target.node is not None and source == target.node:
            return True
        return _passes(policies, "Ingress", target, source, target, port)
    return True


def _passes(
    policies: Iterable[Policy], direction: str, pod: Pod, other: End, target: End, port: Port
) -> bool:
    """Not isolated in this direction, or one rule of one policy lets it through."""
    isolating = [
        policy
        for policy in policies
        if direction in policy_types(policy["spec"]) and _selects(policy, pod)
    ]
    if not isolating:
        return True
    peers = {"Ingress": "from", "Egress": "to"}[direction]
    return any(
        _rule_matches(rule, peers, policy["metadata"]["namespace"], other, target, port)
        for policy in isolating
        for rule in policy["spec"].get(direction.lower()) or ()
    )


def policy_types(spec: Mapping[str, Any]) -> Sequence[str]:
    """Ingress always, and Egress if there are egress rules, unless the types are written."""
    written = spec.get("policyTypes")
    if written:
        return list(written)
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _selects(policy: Policy, pod: Pod) -> bool:
    same = policy["metadata"]["namespace"] == pod.namespace
    return same and matches(policy["spec"].get("podSelector") or {}, pod.labels)


def _rule_matches(
    rule: Mapping[str, Any], peers: str, namespace: str, other: End, target: End, port: Port
) -> bool:
    listed = rule.get(peers)
    if listed and not any(_is_peer(peer, namespace, other) for peer in listed):
        return False
    ports = rule.get("ports")
    return not ports or any(_is_port(each, target, port) for each in ports)


def _is_peer(peer: Mapping[str, Any], namespace: str, other: End) -> bool:
    if "ipBlock" in peer:
        return in_block(peer["ipBlock"], other.ip)
    if not isinstance(other, Pod):
        return False
    if "namespaceSelector" in peer:
        if not matches(peer["namespaceSelector"], other.all_namespace_labels):
            return False
    elif other.namespace != namespace:
        return False
    return "podSelector" not in peer or matches(peer["podSelector"], other.labels)


def in_block(block: Mapping[str, Any], ip: str) -> bool:
    """Whether an address is in a block and in none of its exceptions."""
    address = ip_address(ip)
    excepted = any(address in ip_network(each) for each in block.get("except") or ())
    return address in ip_network(block["cidr"]) and not excepted


def _is_port(entry: Mapping[str, Any], target: End, port: Port) -> bool:
    if entry.get("protocol", "TCP") != port.protocol:
        return False
    wanted = entry.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        # A name means what the target pod calls so; nobody else has names.
        return isinstance(target, Pod) and target.ports.get(wanted) == port.number
    return int(wanted) <= port.number <= int(entry.get("endPort", wanted))


def matches(selector: Mapping[str, Any], labels: Labels) -> bool:
    """Whether a label selector matches; an empty one matches everything."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(each, labels) for each in selector.get("matchExpressions") or ())


def _holds(expression: Mapping[str, Any], labels: Labels) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value is None or value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case unknown:
            raise ValueError(f"no such operator: {unknown}")

"""The judge of NetworkPolicies, against the examples of Kubernetes' documentation."""

from typing import Any

import pytest
import yaml

from support.network_policies import Address, Node, Pod, Port, allows

NODE = Node(ip="10.9.0.1")
DB = Pod(
    ip="10.1.0.1",
    namespace="default",
    labels={"role": "db"},
    ports={"redis": 6379, "admin": 7000},
    node=NODE,
)
FRONTEND = Pod(ip="10.1.0.2", namespace="default", labels={"role": "frontend"})
OTHER = Pod(ip="10.1.0.3", namespace="default", labels={"role": "batch"})
IN_PROJECT = Pod(ip="10.1.1.1", namespace="project", namespace_labels={"project": "myproject"})
CLIENT_ABROAD = Pod(
    ip="10.1.2.1", namespace="abroad", labels={"role": "client"}, namespace_labels={"user": "alice"}
)
ALICE = Pod(ip="10.1.2.2", namespace="abroad", namespace_labels={"user": "alice"})
CLIENT_HERE = Pod(ip="10.1.0.4", namespace="default", labels={"role": "client"})
REDIS = Port(number=6379)


def policy(text: str, namespace: str = "default") -> dict[str, Any]:
    return {"metadata": {"namespace": namespace, "name": "p"}, "spec": yaml.safe_load(text)}


# "The NetworkPolicy resource": the page's long example.
EXAMPLE = policy("""
podSelector: {matchLabels: {role: db}}
policyTypes: [Ingress, Egress]
ingress:
- from:
  - ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24]}
  - namespaceSelector: {matchLabels: {project: myproject}}
  - podSelector: {matchLabels: {role: frontend}}
  ports: [{protocol: TCP, port: 6379}]
egress:
- to: [{ipBlock: {cidr: 10.0.0.0/24}}]
  ports: [{protocol: TCP, port: 5978}]
""")


@pytest.mark.parametrize(
    ("source", "port", "allowed"),
    [
        (FRONTEND, REDIS, True),
        (IN_PROJECT, REDIS, True),
        (Address(ip="172.17.0.5"), REDIS, True),
        (Address(ip="172.17.2.5"), REDIS, True),
        (Address(ip="172.17.1.5"), REDIS, False),
        (OTHER, REDIS, False),
        (FRONTEND, Port(number=6380), False),
        (FRONTEND, Port(number=6379, protocol="UDP"), False),
        (NODE, Port(number=1), True),  # the node of a pod always may
        (Node(ip="10.9.0.2"), REDIS, False),
    ],
)
def test_ingress_of_the_long_example(source: Any, port: Port, allowed: bool) -> None:  # noqa: FBT001 (a table)
    assert allows([EXAMPLE], source, DB, port) is allowed


@pytest.mark.parametrize(
    ("target", "port", "allowed"),
    [
        (Address(ip="10.0.0.9"), Port(number=5978), True),
        (Address(ip="10.0.0.9"), Port(number=5979), False),
        (Address(ip="10.0.1.9"), Port(number=5978), False),
        (FRONTEND, Port(number=80), False),
    ],
)
def test_egress_of_the_long_example(target: Any, port: Port, allowed: bool) -> None:  # noqa: FBT001 (a table)
    assert allows([EXAMPLE], DB, target, port) is allowed


def test_a_pod_that_no_policy_selects_is_not_isolated() -> None:
    assert allows([EXAMPLE], OTHER, FRONTEND, Port(number=1))
    assert allows([{**EXAMPLE, "metadata": {"namespace": "elsewhere"}}], OTHER, DB, REDIS)


def test_two_selectors_in_one_element_are_both_needed() -> None:
    both = policy("""
podSelector: {}
ingress:
- from:
  - namespaceSelector: {matchLabels: {user: alice}}
    podSelector: {matchLabels: {role: client}}
""")

    assert allows([both], CLIENT_ABROAD, DB, REDIS)
    assert not allows([both], ALICE, DB, REDIS)
    assert not allows([both], CLIENT_HERE, DB, REDIS)


def test_two_elements_are_one_or_the_other() -> None:
    either = policy("""
podSelector: {}
ingress:
- from:
  - namespaceSelector: {matchLabels: {user: alice}}
  - podSelector: {matchLabels: {role: client}}
""")

    assert allows([either], CLIENT_ABROAD, DB, REDIS)
    assert allows([either], ALICE, DB, REDIS)
    assert allows([either], CLIENT_HERE, DB, REDIS)
    assert not allows([either], OTHER, DB, REDIS)


def test_default_deny_and_allow_all() -> None:
    deny = policy("{podSelector: {}, policyTypes: [Ingress]}")
    allow = policy("{podSelector: {}, ingress: [{}], policyTypes: [Ingress]}")
    deny_out = policy("{podSelector: {}, policyTypes: [Egress]}")

    assert not allows([deny], FRONTEND, DB, REDIS)
    assert allows([deny], DB, Address(ip="1.1.1.1"), REDIS)
    assert allows([deny, allow], FRONTEND, DB, REDIS), "policies add up, in any order"
    assert allows([allow, deny], FRONTEND, DB, REDIS)
    assert not allows([deny_out], DB, Address(ip="1.1.1.1"), REDIS)
    assert allows([deny_out], IN_PROJECT, DB, REDIS)


def test_both_sides_have_to_agree() -> None:
    deny_out = policy("{podSelector: {matchLabels: {role: frontend}}, policyTypes: [Egress]}")

    assert not allows([EXAMPLE, deny_out], FRONTEND, DB, REDIS)


def test_types_that_are_not_written_follow_from_the_rules() -> None:
    silent = policy("{podSelector: {}}")
    with_egress = policy("{podSelector: {}, egress: [{to: [{podSelector: {}}]}]}")

    assert not allows([silent], FRONTEND, DB, REDIS)
    assert allows([silent], DB, Address(ip="1.1.1.1"), REDIS)
    assert not allows([with_egress], DB, Address(ip="1.1.1.1"), REDIS)


def test_a_range_of_ports() -> None:
    ranged = policy("""
podSelector: {}
policyTypes: [Egress]
egress:
- to: [{ipBlock: {cidr: 10.0.0.0/24}}]
  ports: [{protocol: TCP, port: 32000, endPort: 32768}]
""")
    target = Address(ip="10.0.0.1")

    assert [allows([ranged], DB, target, Port(number=n)) for n in (31999, 32000, 32768, 32769)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_named_port_is_the_target_pods() -> None:
    named = policy("{podSelector: {}, ingress: [{ports: [{port: redis}]}]}")

    assert allows([named], FRONTEND, DB, REDIS)
    assert not allows([named], FRONTEND, DB, Port(number=7000))
    assert not allows([named], FRONTEND, OTHER, REDIS), "it has no port of that name"


def test_namespaces_by_name_and_expressions() -> None:
    chosen = policy("""
podSelector: {}
ingress:
- from:
  - namespaceSelector:
      matchExpressions:
      - {key: kubernetes.io/metadata.name, operator: In, values: [project, abroad]}
    podSelector:
      matchExpressions: [{key: role, operator: NotIn, values: [client]}]
""")

    assert allows([chosen], IN_PROJECT, DB, REDIS)
    assert allows([chosen], ALICE, DB, REDIS)
    assert not allows([chosen], CLIENT_ABROAD, DB, REDIS)
    assert not allows([chosen], FRONTEND, DB, REDIS)


def test_addresses_of_the_other_family_are_never_in_a_block() -> None:
    everything = policy("""
podSelector: {}
policyTypes: [Egress]
egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]
""")

    assert allows([everything], DB, Address(ip="1.1.1.1"), REDIS)
    assert not allows([everything], DB, Address(ip="10.0.0.1"), REDIS)
    assert not allows([everything], DB, Address(ip="2001:4860::1"), REDIS)

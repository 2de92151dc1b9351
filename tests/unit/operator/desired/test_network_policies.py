"""Which connections the policies allow and forbid, judged by what Kubernetes documents of them."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from polyant_operator.desired import egress_rules, network_policies
from polyant_operator.desired.context import Context, Manifest
from support.network_policies import Address, End, Node, Pod, Port, allows
from support.refusal import instance

API_ENDPOINT, API_SERVICE = ("172.18.0.2", 6443), ("10.96.0.1", 443)
CONTEXT = Context(api_server=(API_ENDPOINT, API_SERVICE))

NODE = Node(ip="172.18.0.3")
PORTS = {
    "engine": {"http": 4000, "internal": 4001, "metrics": 9090},
    "web": {"http": 3000, "metrics": 9090},
    "database": {"postgresql": 5432},
}


def part(component: str, ip: str, name: str = "acme") -> Pod:
    labels = {
        "app.kubernetes.io/name": "polyant",
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/component": component,
    }
    return Pod(ip=ip, namespace="demo", labels=labels, ports=PORTS.get(component, {}), node=NODE)


ENGINE, OTHER_ENGINE = part("engine", "10.244.0.1"), part("engine", "10.244.0.2")
WEB, MIGRATION = part("web", "10.244.0.3"), part("migration", "10.244.0.4")
DATABASE = part("database", "10.244.0.5")
NAMESAKE_ENGINE = part("engine", "10.244.0.6", name="other")
NAMESAKE_WEB = part("web", "10.244.0.7", name="other")
NEIGHBOUR = Pod(ip="10.244.0.8", namespace="demo", labels={"app": "neighbour"})
CNPG = Pod(ip="10.244.0.9", namespace="demo", labels={"cnpg.io/cluster": "acme-pg"})
STRANGER = Pod(ip="10.244.1.1", namespace="elsewhere", labels=ENGINE.labels)
EDGE = Pod(ip="10.244.2.1", namespace="ingress", labels={"app": "envoy"})
OTHER_IN_INGRESS = Pod(ip="10.244.2.2", namespace="ingress", labels={"app": "dashboard"})
PROMETHEUS = Pod(ip="10.244.3.1", namespace="monitoring", labels={"app": "prometheus"})
RESOLVER = Pod(ip="10.244.4.1", namespace="kube-system", labels={"k8s-app": "kube-dns"})
OPENSHIFT_RESOLVER = Pod(ip="10.244.4.2", namespace="openshift-dns")
NODE_RESOLVER = Address(ip="169.254.20.10")
METADATA, METADATA_SIX = Address(ip="169.254.169.254"), Address(ip="fd00:ec2::254")
METADATA_TRANSLATED = Address(ip="64:ff9b::a9fe:a9fe")
OPENAI, OPENAI_SIX = Address(ip="162.159.140.245"), Address(ip="2606:4700::6812:1f5")
OPENAI_TRANSLATED = Address(ip="64:ff9b::a29f:8cf5")
CLOUD_BALANCER = Address(ip="35.191.0.7")
PRIVATE, OTHER_NODE = Address(ip="10.0.0.9"), Node(ip="172.18.0.4")
API_BEHIND, API_FRONT = Address(ip=API_ENDPOINT[0]), Address(ip=API_SERVICE[0])

INGRESS_PEERS = {
    "edgeFrom": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}},
            "podSelector": {"matchLabels": {"app": "envoy"}},
        }
    ],
    "metricsFrom": [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    ],
}
EMBEDDED: dict[str, Any] = {"database": {"embedded": {}}}
RESTRICTED: dict[str, Any] = {"networkPolicy": {"egress": "Restricted"}}


def policies(spec: dict[str, Any]) -> list[Manifest]:
    return list(network_policies.build(parse(instance({**EMBEDDED, **spec})), CONTEXT))


def tcp(number: int) -> Port:
    return Port(number=number)


def udp(number: int) -> Port:
    return Port(number=number, protocol="UDP")


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        (EDGE, WEB, 3000),
        (EDGE, ENGINE, 4000),
        (WEB, ENGINE, 4001),
        (PROMETHEUS, ENGINE, 9090),
        (PROMETHEUS, WEB, 9090),
        (ENGINE, DATABASE, 5432),
        (MIGRATION, DATABASE, 5432),
        # The kubelet's probes.
        (NODE, ENGINE, 9090),
        (NODE, WEB, 9090),
        (NODE, DATABASE, 5432),
    ],
)
def test_what_belongs_together_may_connect(source: End, target: End, port: int) -> None:
    found = policies({"networkPolicy": INGRESS_PEERS})
    restricted = policies({"networkPolicy": {**INGRESS_PEERS, "egress": "Restricted"}})

    assert allows(found, source, target, tcp(port))
    assert allows(restricted, source, target, tcp(port))


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        # The internal port is the panel's alone.
        (EDGE, ENGINE, 4001),
        (NEIGHBOUR, ENGINE, 4001),
        (STRANGER, ENGINE, 4001),
        (NAMESAKE_WEB, ENGINE, 4001),
        (OTHER_ENGINE, ENGINE, 4001),
        (PROMETHEUS, ENGINE, 4001),
        (CLOUD_BALANCER, ENGINE, 4001),
        (OTHER_NODE, ENGINE, 4001),
        # The edge's ports are the edge's alone once it is named; not even the panel's.
        (NEIGHBOUR, ENGINE, 4000),
        (WEB, ENGINE, 4000),
        (OTHER_IN_INGRESS, WEB, 3000),
        (STRANGER, WEB, 3000),
        (CLOUD_BALANCER, WEB, 3000),
        # Metrics are Prometheus' alone.
        (EDGE, ENGINE, 9090),
        (NEIGHBOUR, WEB, 9090),
        (OTHER_NODE, WEB, 9090),
        # The database is the engine's and the migration's alone.
        (WEB, DATABASE, 5432),
        (EDGE, DATABASE, 5432),
        (NEIGHBOUR, DATABASE, 5432),
        (STRANGER, DATABASE, 5432),
        (NAMESAKE_ENGINE, DATABASE, 5432),
        (ENGINE, DATABASE, 22),
        # Nobody has anything to ask a migration.
        (ENGINE, MIGRATION, 8080),
        (PROMETHEUS, MIGRATION, 9090),
    ],
)
def test_everybody_else_may_not(source: End, target: End, port: int) -> None:
    assert not allows(policies({"networkPolicy": INGRESS_PEERS}), source, target, tcp(port))


@pytest.mark.parametrize("source", [EDGE, NEIGHBOUR, STRANGER, CLOUD_BALANCER, OTHER_NODE])
def test_an_edge_that_is_not_named_may_be_anywhere(source: End) -> None:
    found = policies({})

    assert allows(found, source, WEB, tcp(3000))
    assert allows(found, source, ENGINE, tcp(4000))
    assert not allows(found, source, ENGINE, tcp(4001))
    assert not allows(found, source, ENGINE, tcp(9090))
    assert not allows(found, source, DATABASE, tcp(5432))


def test_an_empty_list_of_peers_means_nobody() -> None:
    found = policies({"networkPolicy": {"edgeFrom": [], "metricsFrom": []}})

    assert not allows(found, EDGE, WEB, tcp(3000))
    assert not allows(found, PROMETHEUS, ENGINE, tcp(9090))
    assert allows(found, WEB, ENGINE, tcp(4001))


def test_metrics_are_open_to_pods_when_a_monitor_is_asked_for_and_nobody_named() -> None:
    monitoring: dict[str, Any] = {"monitoring": {"podMonitor": {}}}

    assert allows(policies(monitoring), PROMETHEUS, ENGINE, tcp(9090))
    assert not allows(policies(monitoring), CLOUD_BALANCER, ENGINE, tcp(9090))
    named = policies({**monitoring, "networkPolicy": INGRESS_PEERS})
    assert not allows(named, NEIGHBOUR, ENGINE, tcp(9090))


@pytest.mark.parametrize("source", [ENGINE, WEB, MIGRATION, DATABASE])
def test_open_egress_is_nobodys_business(source: End) -> None:
    for target in (METADATA, PRIVATE, OPENAI, NEIGHBOUR, API_BEHIND):
        assert allows(policies({}), source, target, tcp(443))


@pytest.mark.parametrize("source", [ENGINE, WEB, MIGRATION])
@pytest.mark.parametrize(
    ("target", "port"),
    [
        (RESOLVER, udp(53)),
        (RESOLVER, tcp(53)),
        (NODE_RESOLVER, udp(53)),
        (Address(ip="10.96.0.10"), udp(53)),
        (OPENSHIFT_RESOLVER, udp(5353)),
    ],
)
def test_names_are_resolved_wherever_the_resolver_is(source: End, target: End, port: Port) -> None:
    assert allows(policies(RESTRICTED), source, target, port)


@pytest.mark.parametrize(
    ("target", "port"),
    [
        (API_BEHIND, 6443),
        (API_FRONT, 443),
        (DATABASE, 5432),
        (OPENAI, 443),
        (OPENAI_SIX, 443),
        (OPENAI_TRANSLATED, 443),
        (OPENAI, 8443),
    ],
)
def test_a_restricted_engine_reaches_what_it_needs(target: End, port: int) -> None:
    assert allows(policies(RESTRICTED), ENGINE, target, tcp(port))


@pytest.mark.parametrize(
    ("target", "port"),
    [
        (METADATA, 80),
        (METADATA, 443),
        (METADATA_SIX, 80),
        (METADATA_TRANSLATED, 80),
        (Address(ip="100.100.100.200"), 80),
        (Address(ip="192.0.0.192"), 80),
        (Address(ip="127.0.0.1"), 80),
        (API_BEHIND, 22),
        (API_BEHIND, 443),
        (API_FRONT, 6443),
        (OTHER_NODE, 10250),
        (PRIVATE, 443),
        (Address(ip="192.168.1.1"), 443),
        (Address(ip="172.31.0.1"), 443),
        (Address(ip="fd12::1"), 443),
        (Address(ip="64:ff9b::a00:9"), 443),
        (NEIGHBOUR, 80),
        (STRANGER, 4000),
        (NEIGHBOUR, 443),
        (DATABASE, 22),
        (OTHER_ENGINE, 4001),
        (RESOLVER, 9153),
        (OPENSHIFT_RESOLVER, 443),
    ],
)
def test_a_restricted_engine_reaches_nothing_else(target: End, port: int) -> None:
    assert not allows(policies(RESTRICTED), ENGINE, target, tcp(port))


@pytest.mark.parametrize("source", [WEB, MIGRATION, DATABASE])
@pytest.mark.parametrize(
    ("target", "port"), [(API_BEHIND, 6443), (API_FRONT, 443), (METADATA, 80), (OPENAI, 443)]
)
def test_only_the_engine_reaches_the_api_server_and_the_internet(
    source: End, target: End, port: int
) -> None:
    assert not allows(policies(RESTRICTED), source, target, tcp(port))


def test_a_restricted_panel_reaches_the_engine_alone() -> None:
    found = policies(RESTRICTED)

    assert allows(found, WEB, ENGINE, tcp(4001))
    assert not allows(found, WEB, DATABASE, tcp(5432))
    assert not allows(found, WEB, NAMESAKE_ENGINE, tcp(4001))


def test_a_panel_with_sign_in_elsewhere_reaches_the_internet() -> None:
    google = {
        "clientIdSecretRef": {"name": "google", "key": "id"},
        "clientSecretSecretRef": {"name": "google", "key": "secret"},
    }
    found = policies({**RESTRICTED, "signIn": {"google": google}})

    assert allows(found, WEB, OPENAI, tcp(443))
    assert not allows(found, WEB, METADATA, tcp(80))


def test_a_restricted_database_reaches_nobody() -> None:
    for target in (RESOLVER, ENGINE, OPENAI):
        assert not allows(policies(RESTRICTED), DATABASE, target, udp(53))
        assert not allows(policies(RESTRICTED), DATABASE, target, tcp(443))


def test_a_cluster_of_cloudnativepg_is_known() -> None:
    found = policies({**RESTRICTED, "database": {"cnpgClusterRef": {"name": "acme-pg"}}})

    for source in (ENGINE, MIGRATION):
        assert allows(found, source, CNPG, tcp(5432))
        assert not allows(found, source, NEIGHBOUR, tcp(5432))
        assert not allows(found, source, CNPG, tcp(8000))


def test_a_database_behind_an_url_is_public_or_allowed() -> None:
    database = {"database": {"urlSecretRef": {"name": "db"}}}
    allow = [{"to": [{"ipBlock": {"cidr": "10.0.0.9/32"}}], "ports": [{"port": 5432}]}]

    for source in (ENGINE, MIGRATION):
        assert allows(policies({**RESTRICTED, **database}), source, OPENAI, tcp(5432))
        assert not allows(policies({**RESTRICTED, **database}), source, PRIVATE, tcp(5432))
        found = policies({**database, "networkPolicy": {"egress": "Restricted", "allow": allow}})
        assert allows(found, source, PRIVATE, tcp(5432))
        assert not allows(found, source, PRIVATE, tcp(443))


def test_a_proxy_with_an_address_is_reached_and_a_named_one_is_told() -> None:
    proxy = {
        "egressProxy": {"httpsProxy": "http://10.0.0.9:3128", "httpProxy": "http://proxy.test"}
    }
    found = parse(instance({**RESTRICTED, **proxy}))

    built = network_policies.build(found, CONTEXT)

    assert allows(built, ENGINE, PRIVATE, tcp(3128))
    assert not allows(built, ENGINE, PRIVATE, tcp(80))
    assert egress_rules.proxy_hosts(found) == ("proxy.test",)


def test_switched_off_there_is_none() -> None:
    assert policies({"networkPolicy": {"enabled": False}}) == []


def test_without_a_database_of_ours_there_is_no_policy_for_one() -> None:
    names = {each["metadata"]["name"] for each in policies({})}
    external = policies({"database": {"urlSecretRef": {"name": "db"}}})

    assert names == {"acme-engine", "acme-web", "acme-migrate", "acme-database"}
    assert {each["metadata"]["name"] for each in external} == names - {"acme-database"}

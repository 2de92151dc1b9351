"""Names, addresses and ports of clusters that live side by side."""

import ipaddress
from pathlib import Path

import pytest

from dev.cluster.layout import LARGEST_INDEX, Layout, free_index


def layout(index: int) -> Layout:
    return Layout(name=f"c{index}", index=index, folder=Path("/cache/c"))


def test_the_first_cluster_has_the_documented_ports() -> None:
    first = layout(0)

    assert (first.edge_http_port, first.edge_https_port) == (8080, 8443)


def test_no_two_clusters_share_an_address_port_or_interface() -> None:
    every = [layout(index) for index in range(LARGEST_INDEX + 1)]

    for value in (
        "interface",
        "cgroup",
        "mark",
        "link_cidr",
        "pod_cidr",
        "service_cidr",
        "node_ip",
        "host_ip",
    ):
        assert len({getattr(each, value) for each in every}) == len(every), value
    ports = [port for each in every for port in (each.edge_http_port, each.edge_https_port)]
    assert len(set(ports)) == len(ports)
    assert max(ports) < 32768, "above are the ports that the kernel hands out by itself"


@pytest.mark.parametrize("index", [0, 7, LARGEST_INDEX])
def test_every_address_lies_in_its_network(index: int) -> None:
    cluster = layout(index)
    link, services = (
        ipaddress.ip_network(cidr) for cidr in (cluster.link_cidr, cluster.service_cidr)
    )

    assert {ipaddress.ip_address(cluster.host_ip), ipaddress.ip_address(cluster.node_ip)} == set(
        link.hosts()
    )
    assert ipaddress.ip_address(cluster.dns_ip) in services
    assert ipaddress.ip_address(cluster.api_service_ip) in services
    assert len(cluster.interface) <= 15, "the kernel's limit"


@pytest.mark.parametrize(
    ("name", "taken", "foreign", "expected"),
    [
        ("polyant", {}, set(), 0),
        ("other", {}, set(), 1),
        ("other", {"polyant": 0, "a": 1, "b": 3}, set(), 2),
        ("b", {"polyant": 0, "a": 1, "b": 3}, set(), 3),
        ("polyant", {}, {0}, 1),
        ("other", {}, {1, 2}, 3),
    ],
)
def test_a_cluster_keeps_its_number_or_gets_the_first_free_one(
    name: str, taken: dict[str, int], foreign: set[int], expected: int
) -> None:
    assert free_index(name, taken, foreign) == expected

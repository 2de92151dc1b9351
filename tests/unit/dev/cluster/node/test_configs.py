"""Configuration files of the node."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from dev.cluster.layout import Layout
from dev.cluster.node import configs

LAYOUT = Layout(name="test", index=3, folder=Path("/cache/test"))
CNI = Path("/usr/lib/cni")
MACHINE = configs.Machine(
    cni=CNI, pause_image="localhost/p:1", resolvers="", snapshotter="overlayfs"
)


def rendered(resolvers: str = "nameserver 192.0.2.1\n") -> dict[str, str]:
    return configs.files(LAYOUT, replace(MACHINE, resolvers=resolvers))


def test_every_file_parses() -> None:
    for name, text in rendered().items():
        match Path(name).suffix:
            case ".yaml":
                assert yaml.safe_load(text)
            case ".toml":
                assert tomllib.loads(text)
            case ".conflist":
                assert json.loads(text)
            case _:
                assert text


def test_containerd_pulls_nothing_and_lowers_no_score() -> None:
    config = tomllib.loads(rendered()["containerd.toml"])
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]

    assert cri["sandbox_image"] == "localhost/p:1"
    assert cri["restrict_oom_score_adj"] is True
    assert cri["cni"] == {"bin_dir": str(CNI), "conf_dir": "/cache/test/config/net.d"}
    assert config["root"] == "/cache/test/containerd"


def test_two_clusters_share_no_folder_address_or_cgroup() -> None:
    other = Layout(name="other", index=4, folder=Path("/cache/other"))

    text = "\n".join(configs.files(other, MACHINE).values())

    for own in (str(LAYOUT.folder), LAYOUT.pod_cidr, LAYOUT.node_ip, LAYOUT.dns_ip, LAYOUT.cgroup):
        assert own not in text


def test_dns_asks_the_hosts_resolvers_only_when_there_are_any() -> None:
    assert "forward . /cache/test/config/resolv.conf" in rendered()["Corefile"]
    assert "forward" not in rendered(resolvers="# none\n")["Corefile"]


def test_the_kubelet_evicts_and_collects_nothing() -> None:
    config = configs.kubelet(LAYOUT)

    assert config["imageGCHighThresholdPercent"] == 100
    assert config["failCgroupV1"] is False
    assert config["authentication"]["anonymous"]["enabled"] is False


@pytest.mark.parametrize(
    ("file_system", "expected"),
    [("ext2/ext3", "overlayfs"), ("xfs", "overlayfs"), ("overlayfs", "native"), ("zfs", "native")],
)
def test_layers_are_copied_where_an_overlay_cannot_lie(file_system: str, expected: str) -> None:
    assert configs.snapshotter_on(file_system) == expected

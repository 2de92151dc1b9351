"""What kind is asked to do."""

from pathlib import Path

import pytest

from dev.cluster import pki
from dev.cluster.layout import Layout
from dev.cluster.providers import kind
from dev.cluster.tools import modules

LAYOUT = Layout(name="other", index=2, folder=Path("/cache/kind/other"))


def test_the_edge_is_on_loopback_ports_of_the_cluster() -> None:
    (node,) = kind.cluster_config(LAYOUT)["nodes"]

    assert node["extraPortMappings"] == [
        {"containerPort": 80, "hostPort": 8100, "listenAddress": "127.0.0.1"},
        {"containerPort": 443, "hostPort": 8463, "listenAddress": "127.0.0.1"},
    ]


def test_the_node_image_is_pinned_by_digest() -> None:
    (node,) = kind.cluster_config(LAYOUT)["nodes"]

    assert "@sha256:" in node["image"]


def test_creating_leaves_the_persons_own_kubeconfig_alone() -> None:
    arguments = kind.create_arguments("other", Path("/c/kind.yaml"), Path("/c/kubeconfig"))

    assert "--kubeconfig=/c/kubeconfig" in arguments
    assert "--name=other" in arguments


def test_an_archive_and_a_name_are_loaded_differently(tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    archive.touch()

    assert kind.load_arguments("c", str(archive))[1] == "image-archive"
    assert kind.load_arguments("c", "localhost/polyant/engine:dev")[1] == "docker-image"


def test_inside_the_container_the_gateway_listens_on_the_usual_ports(tmp_path: Path) -> None:
    certificate = pki.Authority(tmp_path, "ca").issue("edge", pki.Identity(name="e", hosts=("e",)))

    objects = {each["kind"]: each for each in kind.edge_objects(LAYOUT, certificate)}

    assert [each["port"] for each in objects["Gateway"]["spec"]["listeners"]] == [80, 443]
    assert set(objects) == {"IngressClass", "Secret", "GatewayClass", "Gateway"}


def test_the_provider_drives_kind_and_kubectl_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kind, "binary", lambda _name: program)
    monkeypatch.setattr(modules, "folder", lambda *_: Path("/module"))

    cluster = kind.Kind("other")
    cluster.up(print)
    cluster.load(["localhost/polyant/engine:dev"], print)
    cluster.down(print)

    lines = calls.read_text(encoding="utf-8").splitlines()
    words = [[word for word in line.split() if not word.startswith("-")] for line in lines]
    assert [" ".join(each) for each in words] == [
        "get clusters",
        "create cluster",
        "apply",
        "apply",
        "rollout status deployment/contour",
        "rollout status daemonset/envoy",
        "load docker-image localhost/polyant/engine:dev",
        "delete cluster",
    ]

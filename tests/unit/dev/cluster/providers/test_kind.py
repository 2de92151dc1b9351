"""What kind is asked to do."""

from pathlib import Path

from dev.cluster import pki
from dev.cluster.layout import Layout
from dev.cluster.providers import kind

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

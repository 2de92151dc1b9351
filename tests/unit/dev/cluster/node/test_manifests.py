"""The objects of a fresh cluster."""

from pathlib import Path

from dev.cluster.layout import Layout
from dev.cluster.node import manifests


def objects(index: int = 0) -> dict[str, manifests.Manifest]:
    layout = Layout(name="test", index=index, folder=Path("/cache/test"))
    every = manifests.objects(layout, certificate=b"cert", key=b"key")
    return {manifest["kind"]: manifest for manifest in every}


def test_the_gateways_listeners_are_the_edges_ports() -> None:
    first = objects(0)["Gateway"]["spec"]["listeners"]
    fourth = objects(3)["Gateway"]["spec"]["listeners"]

    assert [listener["port"] for listener in first] == [80, 443]
    assert [listener["port"] + 8000 for listener in fourth] == [8110, 8473]


def test_the_gateway_uses_a_secret_of_its_own_namespace() -> None:
    found = objects()
    (https,) = [each for each in found["Gateway"]["spec"]["listeners"] if "tls" in each]

    (reference,) = https["tls"]["certificateRefs"]
    assert reference["name"] == found["Secret"]["metadata"]["name"]
    assert found["Secret"]["metadata"]["namespace"] == found["Gateway"]["metadata"]["namespace"]


def test_the_storage_class_is_the_default_and_waits_for_a_pod() -> None:
    standard = objects()["StorageClass"]

    assert standard["metadata"]["name"] == "standard"
    assert standard["volumeBindingMode"] == "WaitForFirstConsumer"
    assert standard["metadata"]["annotations"] == {
        "storageclass.kubernetes.io/is-default-class": "true"
    }


def test_dns_points_at_the_host() -> None:
    found = objects(2)

    assert found["Service"]["spec"]["clusterIP"] == "10.96.2.10"
    assert found["EndpointSlice"]["endpoints"][0]["addresses"] == ["10.245.2.1"]

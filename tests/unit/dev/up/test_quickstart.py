"""The quickstart as a cluster gets it, and what a rerun of the sign-in does."""

from typing import Any

import pytest
import yaml

from dev.up import quickstart
from dev.up.errors import StepError

LOCAL = quickstart.Settings(
    engine_image="localhost/polyant/engine:1-abc",
    edge_class="contour",
    public_url="http://polyant.localhost:8080",
)


def documents() -> list[dict[str, Any]]:
    names = yaml.safe_load((quickstart.FOLDER / "kustomization.yaml").read_text())["resources"]
    return [
        document
        for name in names
        for document in yaml.safe_load_all((quickstart.FOLDER / name).read_text())
    ]


def fitted(kind: str, settings: quickstart.Settings) -> dict[str, Any]:
    (found,) = [item for item in documents() if item["kind"] == kind]
    return quickstart._fitted(found, settings)


def test_the_instance_runs_the_image_that_was_built() -> None:
    assert fitted("PolyantInstance", LOCAL)["spec"]["version"] == "1-abc"
    (container,) = fitted("Deployment", LOCAL)["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "localhost/polyant/engine:1-abc"


def test_the_edge_is_the_cluster_s() -> None:
    edge = fitted("PolyantInstance", LOCAL)["spec"]["edge"]

    assert edge == {
        "type": "Ingress",
        "className": "contour",
        "host": "polyant.localhost",
        "publicUrl": "http://polyant.localhost:8080",
    }


def test_without_an_edge_two_addresses_are_published() -> None:
    ports = quickstart.Settings(
        engine_image="r/engine:1",
        edge_class=None,
        public_url="http://localhost:8088",
        engine_public_url="http://localhost:8089",
    )

    assert fitted("PolyantInstance", ports)["spec"]["edge"] == {
        "type": "External",
        "publicUrl": "http://localhost:8088",
        "enginePublicUrl": "http://localhost:8089",
    }


@pytest.mark.parametrize("reference", ["localhost:5000/engine", "engine"])
def test_a_reference_without_a_tag_is_refused(reference: str) -> None:
    with pytest.raises(StepError, match="no tag"):
        quickstart.tag(reference)

"""The storage class: which claims get a volume, and which volumes go."""

from pathlib import Path
from typing import Any

import pytest

from dev.cluster.node import provisioner


def claim(**changes: Any) -> provisioner.Manifest:
    made: dict[str, Any] = {
        "metadata": {
            "name": "data",
            "namespace": "n",
            "uid": "u1",
            "annotations": {provisioner.SELECTED_NODE: "node"},
        },
        "spec": {
            "storageClassName": "standard",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "8Gi"}},
        },
    }
    made["metadata"].update(changes.pop("metadata", {}))
    made["spec"].update(changes)
    return made


class FakeApi:
    """An API server that holds volumes and claims in two lists."""

    def __init__(self, claims: list[Any], volumes: list[Any]) -> None:
        self.claims, self.volumes = claims, volumes

    def call(
        self, method: str, path: str, body: provisioner.Manifest | None = None
    ) -> provisioner.Manifest:
        if method == "GET":
            return {"items": self.volumes if path.endswith("volumes") else self.claims}
        if method == "DELETE":
            name = path.rpartition("/")[2]
            self.volumes = [each for each in self.volumes if each["metadata"]["name"] != name]
            return {}
        assert body is not None
        self.volumes = [*self.volumes, body]
        return body


def test_a_waiting_claim_gets_one_volume_of_its_size(tmp_path: Path) -> None:
    api = FakeApi([claim()], [])

    provisioner.look(api, tmp_path, "node")
    provisioner.look(api, tmp_path, "node")

    (volume,) = api.volumes
    assert volume["spec"]["capacity"] == {"storage": "8Gi"}
    assert volume["spec"]["claimRef"]["uid"] == "u1"
    assert Path(volume["spec"]["local"]["path"]).is_dir()


@pytest.mark.parametrize(
    "changes",
    [
        {"storageClassName": "other"},
        {"volumeName": "bound"},
        {"metadata": {"annotations": {}}},
        {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}},
    ],
    ids=["other class", "bound", "no pod yet", "being deleted"],
)
def test_any_other_claim_is_left_alone(tmp_path: Path, changes: dict[str, Any]) -> None:
    api = FakeApi([claim(**changes)], [])

    provisioner.look(api, tmp_path, "node")

    assert api.volumes == []


def test_a_released_volume_goes_with_its_folder(tmp_path: Path) -> None:
    volume = provisioner.volume_for(claim(), tmp_path, "node")
    volume["status"] = {"phase": "Released"}
    (tmp_path / "pvc-u1").mkdir()
    (tmp_path / "pvc-u1" / "file").write_text("x")
    api = FakeApi([], [volume])

    provisioner.look(api, tmp_path, "node")

    assert api.volumes == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("phase", ["Bound", "Available", "Failed"])
def test_a_volume_that_is_not_released_stays(tmp_path: Path, phase: str) -> None:
    volume = provisioner.volume_for(claim(), tmp_path, "node")
    volume["status"] = {"phase": phase}
    api = FakeApi([], [volume])

    provisioner.look(api, tmp_path, "node")

    assert api.volumes == [volume]


def test_a_volume_to_be_retained_stays(tmp_path: Path) -> None:
    volume = provisioner.volume_for(claim(), tmp_path, "node")
    volume["status"] = {"phase": "Released"}
    volume["spec"]["persistentVolumeReclaimPolicy"] = "Retain"
    api = FakeApi([], [volume])

    provisioner.look(api, tmp_path, "node")

    assert api.volumes == [volume]

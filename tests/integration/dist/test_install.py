"""The operator without Helm: one file or a kustomize base, on a real API server."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.cluster import tools
from dev.dist import manifests
from support import apiserver

pytestmark = pytest.mark.integration

# The API server's limit for all annotations of an object together.
LONGEST_ANNOTATIONS = 262_144

Object = dict[str, Any]


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apiserver.ApiServer]:
    with apiserver.running(tmp_path_factory.mktemp("install")) as running:
        yield running


def objects(text: str) -> dict[tuple[str, str], Object]:
    found = [each for each in yaml.safe_load_all(text) if each]
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def kustomized(folder: Path) -> str:
    command = [str(tools.binary("kubectl")), "kustomize", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def versions(server: apiserver.ApiServer) -> dict[tuple[str, str], object]:
    """What changes with every change of a spec, and not with a status."""
    live = server.kubectl("get", f"--filename={manifests.INSTALL}", "--output=json")
    return {
        (each["kind"], each["metadata"]["name"]): each["metadata"].get("generation")
        or each["metadata"]["resourceVersion"]
        for each in json.loads(live)["items"]
    }


def overlay(folder: Path, **fields: Any) -> Path:
    """A kustomization of somebody's own on top of `config/`."""
    base = os.path.relpath(manifests.CONFIG, folder)
    text = yaml.safe_dump({"resources": [base], **fields})
    (folder / "kustomization.yaml").write_text(text)
    return folder


def test_the_manifests_are_the_chart_with_its_default_values() -> None:
    """Mend it with: make dist."""
    assert manifests.operator() == manifests.OPERATOR.read_text()


@pytest.mark.parametrize("way", ["--server-side", "--server-side=false"])
def test_the_file_applies_cleanly_and_a_second_time_changes_nothing(
    server: apiserver.ApiServer, way: str
) -> None:
    path = f"--filename={manifests.INSTALL}"
    first = server.try_kubectl("apply", way, path)
    before = versions(server)
    again = server.try_kubectl("apply", way, path)
    differs = server.try_kubectl("diff", way, path)

    # Nothing is taken over from anybody, no field is unknown, no order is wrong.
    assert (first.returncode, first.stderr) == (0, "")
    assert (again.returncode, again.stderr) == (0, "")
    assert (differs.returncode, differs.stdout) == (0, "")
    assert before == versions(server)


def test_the_crd_leaves_room_for_what_kubectl_notes_about_it() -> None:
    """`kubectl apply` without --server-side keeps a copy of the whole object in an annotation."""
    crd = yaml.safe_load(manifests.CRD.read_text())
    noted = len(json.dumps(crd, separators=(",", ":"), ensure_ascii=False))

    assert noted < 0.97 * LONGEST_ANNOTATIONS, f"{noted} of {LONGEST_ANNOTATIONS} characters"


def test_kustomize_makes_the_same_objects() -> None:
    built = objects(kustomized(manifests.CONFIG))

    assert built == objects(manifests.INSTALL.read_text())


def test_an_overlay_moves_everything_into_another_namespace(
    tmp_path: Path,
) -> None:
    built = objects(kustomized(overlay(tmp_path, namespace="chat-operator")))

    places = {obj["metadata"].get("namespace") for obj in built.values()}
    assert places == {None, "chat-operator"}
    assert ("Namespace", "chat-operator") in built
    for (kind, _), obj in built.items():
        if kind.endswith("RoleBinding"):
            assert [each["namespace"] for each in obj["subjects"]] == ["chat-operator"]
    assert "polyant-system" not in str({**built, ("CustomResourceDefinition", ""): None})


def test_an_overlay_names_another_image(tmp_path: Path) -> None:
    image = {
        "name": "ghcr.io/polyant-ai/polyant-operator",
        "newName": "registry.test/operator",
        "digest": f"sha256:{'a' * 64}",
    }
    built = objects(kustomized(overlay(tmp_path, images=[image])))

    pod = built["Deployment", manifests.NAME]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == f"registry.test/operator@sha256:{'a' * 64}"


def test_the_crd_can_be_had_alone() -> None:
    built = objects(kustomized(manifests.CRD.parent))

    assert list(built) == [("CustomResourceDefinition", "polyantinstances.polyant.ai")]


def test_the_base_needs_no_file_outside_its_folder_and_the_crds(
    tmp_path: Path,
) -> None:
    """As kustomize sees it after it has cloned a URL."""
    for name in ("config", "crds"):
        shutil.copytree(manifests.ROOT / name, tmp_path / name)

    built = objects(kustomized(tmp_path / "config"))
    assert set(built) == set(objects(manifests.INSTALL.read_text()))

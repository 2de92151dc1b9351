"""A real API server takes every object, says no warning, and sees no change when it is applied again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from polyant_operator.desired.context import OperandOptions
from polyant_operator.desired.render import render_text
from support import optional_apis
from support.apiserver import ApiServer

pytestmark = pytest.mark.integration

GOLDEN = Path(__file__).parents[2] / "unit" / "operator" / "golden"
CASES = pytest.mark.parametrize(
    "file", sorted(GOLDEN.glob("*.in.yaml")), ids=lambda file: file.name.partition(".")[0]
)
RESTRICTED = "pod-security.kubernetes.io"


@pytest.fixture(scope="module", autouse=True)
def _optional_apis(server: ApiServer) -> Iterator[None]:
    with optional_apis.installed(server, *optional_apis.ALL):
        yield


@pytest.fixture
def namespace(server: ApiServer) -> str:
    name = server.new_namespace("objects")
    labels = [f"{RESTRICTED}/{mode}=restricted" for mode in ("enforce", "warn")]
    server.kubectl("label", "namespace", name, *labels)
    return name


def objects(file: Path, namespace: str) -> list[dict[str, Any]]:
    body = yaml.safe_load(file.read_text())
    body["metadata"]["namespace"] = namespace
    text = render_text(yaml.safe_dump(body), OperandOptions())
    return [each for each in yaml.safe_load_all(text) if each is not None]


def pods(found: list[dict[str, Any]], namespace: str) -> Iterator[dict[str, Any]]:
    """Make a bare pod of each template, because nothing here makes them of Deployments."""
    for each in found:
        template = each.get("spec", {}).get("template")
        if template is not None:
            metadata = {"name": each["metadata"]["name"], "namespace": namespace}
            yield {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {**template["metadata"], **metadata},
                "spec": _without_claims(template["spec"]),
            }


@CASES
def test_every_object_is_taken_without_a_warning(
    server: ApiServer, namespace: str, file: Path
) -> None:
    done = _apply(server, objects(file, namespace))

    assert (done[0], done[2]) == (0, "")


@CASES
def test_applying_again_changes_nothing(server: ApiServer, namespace: str, file: Path) -> None:
    # Secrets are created by POST and never applied as a whole, Jobs likewise.
    applied = [each for each in objects(file, namespace) if each["kind"] not in {"Secret", "Job"}]
    _apply(server, applied)
    first = _versions(_apply(server, applied)[1])
    second = _versions(_apply(server, applied)[1])

    assert first == second


@CASES
def test_pod_security_admits_every_pod(server: ApiServer, namespace: str, file: Path) -> None:
    done = _apply(server, list(pods(objects(file, namespace), namespace)))

    assert (done[0], done[2]) == (0, "")


def test_pod_security_is_on_in_these_tests(server: ApiServer, namespace: str) -> None:
    pod = next(pods(objects(GOLDEN / "minimal.in.yaml", namespace), namespace))
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True

    done = _apply(server, [pod])

    assert (done[0], "violates PodSecurity" in done[2]) == (1, True)


def _apply(server: ApiServer, found: list[dict[str, Any]]) -> tuple[int, str, str]:
    text = yaml.safe_dump_all(found)
    done = server.try_kubectl(
        "apply", "--server-side", "--force-conflicts", "--field-manager=polyant-operator",
        "-f", "-", "-o", "yaml", stdin=text,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def _versions(text: str) -> dict[tuple[str, str], str]:
    items = yaml.safe_load(text)["items"]
    return {
        (each["kind"], each["metadata"]["name"]): each["metadata"]["resourceVersion"]
        for each in items
    }


def _without_claims(spec: dict[str, Any]) -> dict[str, Any]:
    """Leave out the projected token and the claim of a StatefulSet, which need their controllers."""
    claims = {"data"} - {volume["name"] for volume in spec["volumes"]}
    containers = [
        {
            **container,
            "volumeMounts": [
                mount for mount in container["volumeMounts"] if mount["name"] not in claims
            ],
        }
        for container in spec["containers"]
    ]
    return {**spec, "containers": containers}

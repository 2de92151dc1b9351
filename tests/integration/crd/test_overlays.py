"""The production example with each of its components is an instance that the API server takes."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.cluster import tools
from polyant_operator.api.edge import EdgeType
from polyant_operator.api.instance import parse
from polyant_operator.desired import uses
from support.apiserver import ApiServer
from support.resources import Resources
from support.shown import ROOT

pytestmark = pytest.mark.integration

EXAMPLE = ROOT / "examples" / "production"
COMPONENTS = sorted(path.name for path in (EXAMPLE / "components").iterdir())


def built(folder: Path, *components: str) -> list[dict[str, Any]]:
    """What kustomize makes of the example in a folder of somebody's own."""
    parts = [str(_way(folder, EXAMPLE / "components" / name)) for name in components]
    content = {"resources": [str(_way(folder, EXAMPLE))], "components": parts}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content))
    command = [str(tools.binary("kubectl")), "kustomize", str(folder)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return list(yaml.safe_load_all(text))


def _way(start: Path, end: Path) -> Path:
    """A relative path, as kustomize asks for."""
    return Path(*[".."] * (len(start.resolve().parts) - 1), *end.resolve().parts[1:])


def instance(objects: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = [each for each in objects if each["kind"] == "PolyantInstance"]
    return found


@pytest.mark.parametrize("component", COMPONENTS)
def test_each_component_fits(component: str, tmp_path: Path, shared: Resources) -> None:
    body = instance(built(tmp_path, component))

    stored = shared.create(body, dry_run=True)
    assert parse(stored).spec == parse(body).spec


def test_a_route_takes_the_place_of_the_ingress(tmp_path: Path) -> None:
    edge = parse(instance(built(tmp_path, "http-route"))).spec.edge

    assert edge.type is EdgeType.HTTP_ROUTE
    assert [parent.name for parent in edge.parent_refs] == ["public"]


def test_the_vault_brings_every_secret_the_instance_names(tmp_path: Path) -> None:
    objects = built(tmp_path, "external-secrets")
    brought = {
        (each["spec"]["target"]["name"], data["secretKey"])
        for each in objects
        if each["kind"] == "ExternalSecret"
        for data in each["spec"]["data"]
    }
    made = parse(instance(objects))
    named = {
        (use.secret, use.key)
        for use in uses.all_uses(made)
        if use.secret not in made.names.generated and not use.optional
    }

    assert named == brought


def test_no_tool_prunes_the_namespace(tmp_path: Path) -> None:
    (namespace,) = [each for each in built(tmp_path) if each["kind"] == "Namespace"]

    assert namespace["metadata"]["annotations"] == {
        "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
        "kustomize.toolkit.fluxcd.io/prune": "disabled",
    }


@pytest.mark.parametrize("way", ["--server-side", "--server-side=false"])
def test_what_was_applied_is_no_difference(way: str, server: ApiServer) -> None:
    """The defaults of the CRD do not show up as drift, whoever applies."""
    path = f"--kustomize={EXAMPLE}"
    server.kubectl("apply", way, path)
    done = server.try_kubectl("diff", way, path)
    server.kubectl("delete", "pinst", "acme", "--namespace=polyant")

    assert (done.returncode, done.stdout) == (0, "")

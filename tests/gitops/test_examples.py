"""The examples for Flux and Argo CD are taken by the API server with the CRDs of their owners."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.cluster.tools import modules
from dev.dist.manifests import ROOT
from support import flux
from support.apiserver import ApiServer

pytestmark = pytest.mark.gitops

ARGO_CD = "github.com/argoproj/argo-cd/v3@v3.5.7"
EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def taught(flux_crds: ApiServer) -> ApiServer:
    folder = modules.folder("flux", ARGO_CD) / "manifests" / "crds"
    flux_crds.kubectl("apply", "--server-side", "-k", str(folder))
    flux.await_crds(flux_crds)
    flux_crds.kubectl("create", "namespace", "argocd")
    return flux_crds


def documents() -> list[tuple[Path, dict[str, Any]]]:
    paths = [*EXAMPLES.glob("flux/**/*.yaml"), *EXAMPLES.glob("argocd/*.yaml")]
    return [(path, body) for path in sorted(paths) for body in yaml.safe_load_all(path.read_text())]


@pytest.mark.parametrize(
    "body",
    [body for _, body in documents()],
    ids=[f"{path.name}-{body['metadata']['name']}" for path, body in documents()],
)
def test_an_example_is_accepted(body: dict[str, Any], taught: ApiServer) -> None:
    how = ("--server-side", "--dry-run=server", "--validate=strict")
    done = taught.try_kubectl("apply", *how, "-f", "-", stdin=yaml.safe_dump(body))

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("tool", ["flux", "argocd"])
def test_the_paths_that_an_example_names_exist(tool: str) -> None:
    found = [str(body) for path, body in documents() if tool in path.parts]
    named = {
        path
        for path in ("charts/polyant-operator", "examples/production")
        for text in found
        if path in text
    }

    assert {"charts/polyant-operator", "examples/production"} == named
    assert all((ROOT / path).is_dir() for path in named)

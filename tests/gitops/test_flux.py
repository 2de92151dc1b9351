"""A real kustomize-controller applies `examples/production`: healthy, in sync, and nobody writes at rest.

Run it with: pytest tests/gitops/test_flux.py (docs/howto/gitops.md).
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.dist.manifests import ROOT
from polyant_operator.api import keys
from support import flux, kstatus, played
from support.apiserver import ApiServer
from support.flux import Controller, Source
from support.operator_process import OperatorProcess
from support.operator_world import World

pytestmark = pytest.mark.gitops

EXAMPLE = ROOT / "examples" / "production"
NAMESPACE = "polyant"
NAME = "polyant-acme"
KEY = "0123456789abcdef" * 4
SECRETS = {
    "acme-database-url": {"uri": "postgresql://polyant:p@db.test:5432/polyant"},
    "acme-key": {"ENCRYPTION_KEY": KEY},
    "acme-openai": {"api-key": "sk-test"},
}
INTERVAL_SECONDS = 15


@pytest.fixture
def source(flux_crds: ApiServer, folder: Path) -> Iterator[Source]:
    with flux.source(flux_crds, folder) as made:
        yield made


@pytest.fixture
def controller(flux_crds: ApiServer, tmp_path: Path) -> Iterator[Controller]:
    with flux.controller(flux_crds, tmp_path) as running:
        yield running


@pytest.fixture
async def world(server: ApiServer) -> AsyncIterator[World]:
    server.kubectl("create", "namespace", NAMESPACE)
    ingress_class = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "contour"},
        "spec": {"controller": "projectcontour.io/ingress-controller"},
    }
    server.kubectl("apply", "-f", "-", stdin=json.dumps(ingress_class))
    async with played.cluster(server, NAMESPACE, keys.key_id(KEY)) as made:
        for name, data in SECRETS.items():
            await made.secret(name, **data)
        yield made


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The example as it lies in somebody's repository."""
    made = tmp_path / "files"
    shutil.copytree(EXAMPLE, made / "examples" / "production")
    return made


def follow(server: ApiServer) -> None:
    """Let Flux follow the source, as the example says, only oftener."""
    documents = yaml.safe_load_all((ROOT / "examples" / "flux" / "kustomizations.yaml").read_text())
    (body,) = [each for each in documents if each["metadata"]["name"] == NAME]
    del body["spec"]["dependsOn"]
    body["spec"] |= {"interval": f"{INTERVAL_SECONDS}s", "retryInterval": "5s", "timeout": "9m"}
    server.kubectl("apply", "-f", "-", stdin=json.dumps(body))


async def until(fact: Any, what: str, seconds: float = 600) -> None:
    for _ in range(int(seconds * 2)):
        if await asyncio.to_thread(fact):
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"{what} did not happen within {seconds:.0f} s")


def instance(server: ApiServer) -> dict[str, Any]:
    target = ("pinst", "acme", f"--namespace={NAMESPACE}")
    text = server.kubectl("get", *target, "--show-managed-fields", "--output=json")
    found: dict[str, Any] = json.loads(text)
    return found


# Everything the operator makes, and what it is made from.
KINDS = (
    "polyantinstances,deployments,services,secrets,configmaps,jobs,ingresses,serviceaccounts,roles,"
    "rolebindings,poddisruptionbudgets,networkpolicies,horizontalpodautoscalers,leases"
)


def versions(server: ApiServer) -> dict[str, str]:
    """The resource version of every object of the installation: any write at all changes one."""
    live = server.kubectl("get", KINDS, f"--namespace={NAMESPACE}", "--output=json")
    return {
        f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"]
        for each in json.loads(live)["items"]
    }


def change(files: Path, old: str, new: str) -> None:
    """Commit a change of the instance."""
    path = files / "examples" / "production" / "instance.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def managers(obj: dict[str, Any], subresource: str | None) -> set[str]:
    return {
        each["manager"]
        for each in obj["metadata"]["managedFields"]
        if each.get("subresource") == subresource
    }


@pytest.mark.usefixtures("operator", "world")
async def test_flux_and_the_operator_live_side_by_side(
    server: ApiServer,
    source: Source,
    controller: Controller,
    files: Path,
    operator: OperatorProcess,
    request: pytest.FixtureRequest,
) -> None:
    first = source.push(files)
    follow(server)
    await until(lambda: controller.has_applied(NAME, first), "the first revision is healthy")
    assert kstatus.compute(instance(server)) == kstatus.CURRENT

    await in_sync_without_drift(server, controller, request)
    await what_a_person_changes_is_put_back(server, controller)
    await a_new_revision_is_healthy_when_the_instance_is(server, source, controller, files)
    await a_broken_revision_fails_at_once(server, source, controller, files)
    await what_is_pruned_leaves_the_secrets(server, source, controller, files)
    assert operator.process.poll() is None


async def in_sync_without_drift(
    server: ApiServer, controller: Controller, request: pytest.FixtureRequest
) -> None:
    """Both look again and again; no object is written, not even to say the same."""
    minutes = request.config.getoption("--minutes")
    before, runs = versions(server), controller.runs(NAME)
    looks = 0
    end = asyncio.get_running_loop().time() + minutes * 60
    while asyncio.get_running_loop().time() < end:
        await asyncio.sleep(5)
        assert versions(server) == before
        looks += 1
    again = controller.runs(NAME) - runs
    live = instance(server)

    told = f"{looks} looks in {minutes} min at {len(before)} objects; Flux compared {again} times"
    request.config.get_terminal_writer().line(f"\n{told}")
    assert again >= minutes * 60 / INTERVAL_SECONDS * 0.5
    assert managers(live, None) == {"kustomize-controller"}
    assert managers(live, "status") == {"polyant-operator-status"}
    assert controller.ready(NAME)[:2] == ("True", "ReconciliationSucceeded")


async def what_a_person_changes_is_put_back(server: ApiServer, controller: Controller) -> None:
    asked = instance(server)["spec"]
    patch = json.dumps({"spec": {"database": {"poolSize": 3}}})
    target = ("pinst", "acme", f"--namespace={NAMESPACE}")
    server.kubectl("patch", *target, "--type=merge", "-p", patch)

    await until(lambda: instance(server)["spec"] == asked, "Flux puts the spec back")
    await until(lambda: kstatus.compute(instance(server)) == kstatus.CURRENT, "it is ready again")
    assert controller.ready(NAME)[0] != "False"


async def a_new_revision_is_healthy_when_the_instance_is(
    server: ApiServer, source: Source, controller: Controller, files: Path
) -> None:
    change(files, "poolSize: 10", "poolSize: 12")
    revision = source.push(files)
    await until(lambda: controller.has_applied(NAME, revision), "the new revision is healthy")

    assert instance(server)["spec"]["database"]["poolSize"] == 12
    assert kstatus.compute(instance(server)) == kstatus.CURRENT


async def a_broken_revision_fails_at_once(
    server: ApiServer, source: Source, controller: Controller, files: Path
) -> None:
    """A spec that the API server refuses is told as it was; the installation runs on."""
    change(files, "trustedProxyHops: 1", "trustedProxyHops: 9")
    source.push(files)
    await until(lambda: controller.ready(NAME)[0] == "False", "the refusal is told")

    assert "trustedProxyHops" in controller.ready(NAME)[2]
    assert kstatus.compute(instance(server)) == kstatus.CURRENT
    change(files, "trustedProxyHops: 9", "trustedProxyHops: 1")
    revision = source.push(files)
    await until(lambda: controller.has_applied(NAME, revision), "the mended revision is healthy")


async def what_is_pruned_leaves_the_secrets(
    server: ApiServer, source: Source, controller: Controller, files: Path
) -> None:
    """Out of Git, the instance goes; namespace and generated Secrets stay."""
    path = files / "examples" / "production" / "kustomization.yaml"
    content = yaml.safe_load(path.read_text())
    content["resources"] = ["empty.yaml"]
    path.write_text(yaml.safe_dump(content))
    (path.parent / "empty.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: left}\n"
    )
    revision = source.push(files)
    await until(lambda: controller.has_applied(NAME, revision), "the empty revision is applied")

    kept = versions(server)
    assert not [name for name in kept if name.startswith("PolyantInstance/")]
    assert {"Secret/acme-auth-secrets", "Secret/acme-admin"} <= set(kept)
    phase = server.kubectl("get", "namespace", NAMESPACE, "--output=jsonpath={.status.phase}")
    assert phase == "Active"

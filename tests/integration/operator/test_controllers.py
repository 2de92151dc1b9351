"""With Kubernetes' own controllers beside: a namespace that ends, and quotas that are counted."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from polyant_operator.kube.client import APPLY
from polyant_operator.kube.kinds import INSTANCE, POD
from polyant_operator.reconcile.judging import REFUSED_SECONDS
from support import apiserver, controllers, faulty_api, kstatus, operator_process, operator_world
from support.broken import QUOTA
from support.faulty_api import FaultyApi
from support.operator_process import OperatorProcess, eventually
from support.operator_world import REPORT, World

pytestmark = pytest.mark.integration

CRD = Path(__file__).parents[3] / "crds" / "polyant.ai_polyantinstances.yaml"
ACME = """
apiVersion: polyant.ai/v1alpha1
kind: PolyantInstance
metadata: {name: acme}
spec: {database: {embedded: {}}}
"""
ENDS_WITHIN = 60


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyApi]:
    """An API server with controllers, and a proxy that counts."""
    folder = tmp_path_factory.mktemp("controlled")
    with apiserver.running(folder) as server:
        server.kubectl("apply", "--server-side", "-f", str(CRD))
        served = ("get", "--raw", "/apis/polyant.ai/v1alpha1/polyantinstances")
        eventually(lambda: server.try_kubectl(*served).returncode == 0, "the CRD is served")
        with controllers.running(server, folder), faulty_api.running(server) as api:
            yield api


@pytest.fixture
def operator(api: FaultyApi, tmp_path: Path) -> Iterator[OperatorProcess]:
    environ = {"POD_NAMESPACE": api.server.new_namespace("home"), "RESYNC_SECONDS": "10"}
    with operator_process.running(api.kubeconfig(tmp_path), tmp_path, "operator", environ) as one:
        eventually(lambda: one.metric("polyant_operator_leader") == 1, "it leads", seconds=60)
        yield one


@pytest.fixture
async def world(api: FaultyApi) -> AsyncIterator[World]:
    async with operator_world.world(api.server) as made:
        yield made


def test_a_deleted_namespace_ends_with_its_instance(
    api: FaultyApi, operator: OperatorProcess
) -> None:
    """One while its first object is made, one with everything there; pods end as by a kubelet."""
    server = api.server
    begun, complete = server.new_namespace("begun"), server.new_namespace("complete")
    for namespace, first in ((complete, "pods"), (begun, "serviceaccounts")):
        server.kubectl("apply", "-n", namespace, "-f", "-", stdin=ACME)
        find = ("get", first, "-n", namespace, "-o", "name", "-l", "polyant.ai/instance=acme")
        eventually(partial(server.kubectl, *find), first)

    server.kubectl("delete", "namespace", begun, complete, "--wait=false")
    for namespace in (begun, complete):
        eventually(
            partial(is_gone_without_pods, server, namespace),
            "the end of the namespace",
            seconds=ENDS_WITHIN,
            every=0.5,
        )

    for namespace in (begun, complete):
        said = [line for line in operator.lines() if namespace in str(line)]
        assert [line for line in said if line["level"] in ("error", "critical")] == []
        assert len([line for line in said if "being terminated" in line["message"]]) <= 1, said
        assert api.count("PATCH", f"/{namespace}/polyantinstances/acme/status") < 10
    api.seen.clear()
    time.sleep(2)
    assert api.count(path=f"/namespaces/{begun}/") == api.count(path=f"/{complete}/") == 0


def is_gone_without_pods(server: apiserver.ApiServer, namespace: str) -> bool:
    """Let pods that are being deleted end, as a kubelet would, and look whether it is over."""
    names = server.kubectl("get", "pods", "-n", namespace, "-o", "name").split()
    for name in names:
        failed = ("patch", name, "-n", namespace, "--subresource=status", "--type=merge", "-p")
        server.try_kubectl(*failed, '{"status": {"phase": "Failed"}}')
    return server.try_kubectl("get", "namespace", namespace).returncode != 0


QUOTAS = ("secrets", "services", "jobs.batch", "statefulsets.apps")


@pytest.mark.parametrize("resource", QUOTAS)
async def test_an_exceeded_quota_is_told_by_name_and_its_rise_is_found(
    world: World, resource: str
) -> None:
    await limit(world, f"count/{resource}", 0)
    await world.create()
    again = await world.run()

    assert again == REFUSED_SECONDS
    assert (await world.conditions())["Ready"] == ("False", "Forbidden")
    message = await world.message("Ready")
    assert "exceeded quota: small" in message
    assert f"limited: count/{resource}=0" in message
    assert "raise the quota" in message
    assert kstatus.compute(await world.get(INSTANCE, "acme")) == kstatus.IN_PROGRESS

    await limit(world, f"count/{resource}", 20)
    await world.run()
    assert (await world.conditions())["Ready"][1] == "DatabaseStarting"
    await world.admin.delete(INSTANCE, world.namespace, "acme")


async def test_pods_beyond_a_quota_are_told_as_the_controllers_say_it(world: World) -> None:
    await world.create()
    await world.run()
    await world.database_ready()
    await migrated(world)
    await limit(world, "pods", 0)
    await world.run()
    await until_said(world, "EngineAvailable", "PodNotCreated")
    assert "exceeded quota: small" in await world.message("EngineAvailable")
    assert kstatus.compute(await world.get(INSTANCE, "acme")) == kstatus.IN_PROGRESS

    await limit(world, "pods", 20)

    await until_said(world, "EngineAvailable", "RollingOut")
    await world.admin.delete(INSTANCE, world.namespace, "acme")


async def migrated(world: World) -> None:
    """End the migration's pod as a kubelet would; the Job controller does the rest."""
    end = time.monotonic() + 30
    while not (pods := [name for name in await world.names(POD) if "migrate" in name]):
        assert time.monotonic() < end, "the Job got no pod"
        await asyncio.sleep(0.1)
    ended = {"exitCode": 0, "reason": "Completed", "message": REPORT % await world.key_id()}
    container = {"name": "migrate", "image": "i", "imageID": "", "ready": False, "restartCount": 0}
    statuses = [{**container, "state": {"terminated": ended}}]
    await world.set_status(POD, pods[0], {"phase": "Succeeded", "containerStatuses": statuses})
    while not (await world.jobs())[-1]["status"].get("succeeded"):
        assert time.monotonic() < end, "the Job did not end"
        await asyncio.sleep(0.1)


async def until_said(world: World, kind: str, reason: str) -> None:
    """Run passes until a condition has a reason."""
    end = time.monotonic() + 40
    while (await world.conditions()).get(kind, ("", ""))[1] != reason:
        assert time.monotonic() < end, await world.conditions()
        await asyncio.sleep(0.3)
        await world.run()


async def limit(world: World, name: str, most: int) -> None:
    """Set the quota, and wait until it is counted."""
    spec: dict[str, Any] = {"hard": {name: str(most)}}
    manifest = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small", "namespace": world.namespace},
        "spec": spec,
    }
    path = QUOTA.path(world.namespace, "small")
    query = {"fieldManager": "test", "force": "true"}
    await world.admin.request("PATCH", QUOTA, path, body=manifest, query=query, content_type=APPLY)
    end = time.monotonic() + 30
    while (await world.get(QUOTA, "small")).get("status", {}).get("hard") != spec["hard"]:
        assert time.monotonic() < end, "the quota is not counted"
        await asyncio.sleep(0.1)

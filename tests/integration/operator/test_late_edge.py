"""The Gateway API comes after the instance that wants it, and goes again, under a running operator."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polyant_operator.kube.kinds import DEPLOYMENT, HTTP_ROUTE, JOB, STATEFUL_SET
from support import apiserver, operator_process, operator_world, optional_apis
from support.chart_rights import kubeconfig_of
from support.operator_process import eventually
from support.operator_world import EMBEDDED

pytestmark = pytest.mark.integration

SPEC = {
    **EMBEDDED,
    "edge": {"type": "HTTPRoute", "host": "chat.test", "parentRefs": [{"name": "public"}]},
}


@pytest.fixture
def bare(server: apiserver.ApiServer) -> Iterator[apiserver.ApiServer]:
    """A cluster without the Gateway API, before and afterwards."""
    optional_apis.remove(server, HTTP_ROUTE)
    yield server
    optional_apis.remove(server, HTTP_ROUTE)


def condition(server: apiserver.ApiServer, namespace: str, kind: str) -> tuple[str, str]:
    text = server.kubectl("get", "pinst", "acme", "-n", namespace, "-o", "json")
    listed = json.loads(text).get("status", {}).get("conditions") or []
    found: dict[str, str] = next((each for each in listed if each["type"] == kind), {})
    return found.get("status", ""), found.get("reason", "")


async def bring_up(world: operator_world.World) -> None:
    """Play the controllers and the kubelet; the operator is a process."""
    await world.create(SPEC)

    async def made(kind: Any, name: str | None = None) -> None:
        for _ in range(150):
            names = await world.names(kind)
            if names and (name is None or name in names):
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"there is no {kind.kind}")

    await made(STATEFUL_SET)
    await world.database_ready()
    await made(JOB)
    await world.end_job_well()
    await made(DEPLOYMENT, "acme-web")
    await world.rolled_out()


async def test_an_api_that_comes_later_is_used_and_watched_without_a_restart(
    bare: apiserver.ApiServer, tmp_path: Path
) -> None:
    server, home = bare, bare.new_namespace("home")
    async with operator_world.world(server) as world:
        served = world.namespace
        arguments = (
            *("--set-json", f'watchNamespaces=["{served}"]'),
            "--set=fullnameOverride=late,serviceAccount.name=polyant-operator",
        )
        kubeconfig = kubeconfig_of(server, tmp_path, home, arguments)
        server.kubectl("delete", "clusterrolebinding", "polyant-operator", "--ignore-not-found")
        environ = {"POD_NAMESPACE": home, "WATCH_NAMESPACES": served, "RESYNC_SECONDS": "10"}
        with operator_process.running(kubeconfig, tmp_path, "one", environ) as operator:
            await bring_up(world)
            eventually(
                lambda: condition(server, served, "EdgeReady") == ("False", "EdgeApiMissing"),
                "the missing API is told",
            )

            optional_apis.install(server, HTTP_ROUTE)
            eventually(lambda: _routes(server, served), "the route is made")
            eventually(
                lambda: condition(server, served, "EdgeReady") == ("False", "RoutePending"),
                "nobody has accepted it",
            )
            await world.set_status(HTTP_ROUTE, "acme", optional_apis.accepted())
            eventually(
                lambda: condition(server, served, "Ready") == ("True", "Ready"),
                "what the Gateway says is seen at once",
                seconds=5,
            )
            server.kubectl("delete", "httproute", "acme", "-n", served)
            eventually(lambda: _routes(server, served), "it is made again at once", seconds=5)

            optional_apis.remove(server, HTTP_ROUTE)
            eventually(
                lambda: condition(server, served, "EdgeReady") == ("False", "EdgeApiMissing"),
                "the API is gone",
            )
            assert operator.process.poll() is None, operator.log.read_text()


def _routes(server: apiserver.ApiServer, namespace: str) -> str:
    return server.try_kubectl("get", "httproutes", "-n", namespace, "-o", "name").stdout

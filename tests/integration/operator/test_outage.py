"""The API server is away for long: nothing is lost, nobody hammers, and all is well soon after.

What changes meanwhile is done past the proxy, as another API server behind the same load balancer would
let users do it. The long ones run in real time with `--long-outages`.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from polyant_operator.kube.kinds import DEPLOYMENT, INSTANCE, SERVICE, STATEFUL_SET
from support import apiserver, faults, faulty_api, kubelet, operator_process, operator_world
from support.faulty_api import FaultyApi
from support.operator_process import eventually
from support.operator_world import World

pytestmark = pytest.mark.integration

# Of the operator's times, the Lease's are shorter where the outage is.
SHORT = {"LEASE_SECONDS": "6", "LEASE_RENEW_SECONDS": "4", "LEASE_RETRY_SECONDS": "1"}
# The Lease or the revision every two seconds; the watches of eight kinds while the process still leads.
MOST_PER_MINUTE = 120
# What was deleted and changed meanwhile, and not one write more.
NEEDED = {
    "PATCH services/acme-web",
    "PATCH statefulsets/acme-database",
    "PATCH deployments/acme-engine/scale",
    "PATCH polyantinstances/acme/status",
}
# A Lease that nobody released, the pause between two tries, and the work.
SOON = 30.0


@dataclass(frozen=True)
class Outage:
    """How long, and how the replica is set and restarted."""

    seconds: float
    environ: dict[str, str]
    restart_pause: float


OUTAGES = {
    "eight seconds": Outage(8, SHORT, 1),
    "a minute": Outage(60, {}, 10),
    "ten minutes": Outage(600, {}, 10),
}


@pytest.fixture
def api(server: apiserver.ApiServer) -> Iterator[FaultyApi]:
    with faulty_api.running(server) as running:
        yield running


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "outage" not in metafunc.fixturenames:
        return
    everything = metafunc.config.getoption("--long-outages")
    chosen = {name: each for name, each in OUTAGES.items() if everything or each.seconds < SOON}
    metafunc.parametrize("outage", chosen.values(), ids=chosen)


async def test_what_changes_while_the_api_server_is_away_is_seen_soon_after(
    server: apiserver.ApiServer, api: FaultyApi, outage: Outage, tmp_path: Path
) -> None:
    async with operator_world.world(server) as world:
        environ = {"POD_NAMESPACE": server.new_namespace("home"), **outage.environ}
        environ |= {"WATCH_NAMESPACES": world.namespace}
        environ |= {"OPERATOR_ENGINE_IMAGE": world.tools.options.engine_repository}
        await world.bring_up()
        with kubelet.keeping(
            api.kubeconfig(tmp_path), tmp_path, environ, pause=outage.restart_pause
        ) as kept:
            await asyncio.to_thread(eventually, kept.leads, "the operator leads", seconds=60)
            template = (await world.get(DEPLOYMENT, "acme-engine"))["spec"]["template"]
            per_minute = await away(world, api, outage)

            back = time.monotonic()
            api.heal()
            api.seen.clear()
            await repaired(world)
            took = time.monotonic() - back
            await world.rolled_out()
            await world.database_ready()
            await asyncio.sleep(2)

        report(outage, per_minute, took, kept.ends)
        assert kept.ends == [2], "one end, because the Lease was lost, and none while waiting"
        assert max(per_minute) <= MOST_PER_MINUTE, "nobody hammers"
        assert took <= SOON
        assert writes(api, world.namespace) == NEEDED
        assert (await world.get(DEPLOYMENT, "acme-engine"))["spec"]["template"] == template
        await world.admin.delete(INSTANCE, world.namespace, "acme")


async def away(world: World, api: FaultyApi, outage: Outage) -> list[int]:
    """Let nobody through, change everything meanwhile; requests of each minute."""
    for watch in (True, False):
        api.inject(faults.cut(), watch=watch, times=1_000_000)
    api.drop_watches()
    api.seen.clear()
    end = time.monotonic() + outage.seconds
    await world.admin.delete(STATEFUL_SET, world.namespace, "acme-database")
    await world.admin.delete(SERVICE, world.namespace, "acme-web")
    await world.change({"engine": {"replicas": 2}})
    counted: list[int] = []
    while (left := end - time.monotonic()) > 0:
        await asyncio.sleep(min(60, left))
        counted.append(api.count())
        api.seen.clear()
    return counted


async def repaired(world: World) -> None:
    """Wait for all that was missed."""
    end = time.monotonic() + 4 * SOON
    while time.monotonic() < end:
        engine = await world.get(DEPLOYMENT, "acme-engine")
        there = await world.names(STATEFUL_SET), await world.names(SERVICE)
        if engine["spec"]["replicas"] == 2 and there[0] and "acme-web" in there[1]:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("what changed meanwhile was never seen")


def writes(api: FaultyApi, namespace: str) -> set[str]:
    """What was written into the instance's namespace, events aside."""
    return {
        f"{verb} {path.partition(f'/namespaces/{namespace}/')[2]}"
        for verb, path in api.seen
        if verb != "GET" and f"/namespaces/{namespace}/" in path and not path.endswith("/events")
    }


def report(outage: Outage, per_minute: list[int], took: float, ends: list[int]) -> None:
    """For whoever runs the long ones (`-s`)."""
    seen = {"away": outage.seconds, "requests": per_minute, "repaired after": round(took, 1)}
    print(json.dumps(seen | {"ends": ends}))  # noqa: T201 (the long ones are run for this line)


# Two minutes in a cluster.
IMPATIENT = "from polyant_operator.handlers import canary; canary.OLDEST_SECONDS = 4"


def test_watches_that_hang_with_open_connections_end_the_process_and_the_log_says_why(
    server: apiserver.ApiServer, api: FaultyApi, tmp_path: Path
) -> None:
    environ = {"POD_NAMESPACE": server.new_namespace("home")}
    kubeconfig = api.kubeconfig(tmp_path)
    with operator_process.running(
        kubeconfig, tmp_path, "hanging", environ, before=IMPATIENT
    ) as one:
        eventually(lambda: one.metric("polyant_operator_leader") == 1, "it leads", seconds=60)
        eventually(lambda: one.get("/livez")[0] == 200, "it lives")
        api.rewrite(faults.silent)

        eventually(lambda: one.get("/livez")[0] == 503, "/livez fails", seconds=40)

        one.get("/livez")
        told = [line["message"] for line in one.lines() if "/livez fails" in line["message"]]
        assert len(told) == 1, told
        assert "no event came through the watches for" in told[0]
        assert one.metric("polyant_operator_leader") == 1, "the Lease alone would not have told"

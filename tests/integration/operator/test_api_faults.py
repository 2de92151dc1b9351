"""The API server goes wrong in every way it can; the operator's process converges all the same.

One process, behind a proxy that injects the faults; each test has a namespace of its own. What the
controllers and the kubelet would do is done by the test, past the proxy.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from polyant_operator.kube.kinds import DEPLOYMENT, INSTANCE, JOB, SECRET, STATEFUL_SET
from support import (
    apiserver,
    faults,
    faulty_api,
    kstatus,
    operator_process,
    operator_world,
    resources,
)
from support.faulty_api import Fault, FaultyApi, Rule
from support.operator_process import OperatorProcess
from support.operator_world import World

pytestmark = pytest.mark.integration

# No comparison makes up for an event that is lost.
TIMES = {
    "LEASE_SECONDS": "120",
    "LEASE_RENEW_SECONDS": "90",
    "LEASE_RETRY_SECONDS": "1",
    "RESYNC_SECONDS": "3600",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apiserver.ApiServer]:
    # Of its own: an operator for all namespaces would work on what other tests left.
    with resources.serving(tmp_path_factory.mktemp("apiserver")) as running:
        yield running


@pytest.fixture(scope="module")
def api(server: apiserver.ApiServer) -> Iterator[FaultyApi]:
    with faulty_api.running(server) as running:
        yield running


@pytest.fixture(scope="module")
def operator(
    api: FaultyApi, server: apiserver.ApiServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    folder = tmp_path_factory.mktemp("faults")
    environ = {"POD_NAMESPACE": server.new_namespace("home"), **TIMES}
    with operator_process.running(api.kubeconfig(folder), folder, "operator", environ) as replica:
        operator_process.eventually(lambda: leads(replica), "the operator leads", seconds=90)
        yield replica


@pytest.fixture
async def world(
    server: apiserver.ApiServer, api: FaultyApi, operator: OperatorProcess
) -> AsyncIterator[World]:
    assert operator.process.poll() is None
    async with operator_world.world(server) as made:
        yield made
        api.heal()
        await made.admin.delete(INSTANCE, made.namespace, "acme")


def leads(replica: OperatorProcess) -> bool:
    return replica.metric("polyant_operator_leader") == 1


async def until(fact: Callable[[], Awaitable[object]], what: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not await fact():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        await asyncio.sleep(0.1)


async def is_there(world: World, kind: object, count: int) -> bool:
    return len(await world.names(kind)) == count  # type: ignore[arg-type]


async def reads(world: World, reason: str) -> bool:
    return (await world.conditions()).get("Ready", ("", ""))[1] == reason


async def came(rule: Rule) -> bool:
    return rule.hits > 0


async def comes_up(world: World) -> None:
    """Do what controllers and kubelet do, and see the instance become Ready."""
    await until(lambda: is_there(world, JOB, 1), "a migration Job")
    await world.database_ready()
    await world.end_job_well()
    await until(lambda: is_there(world, DEPLOYMENT, 2), "two Deployments")
    await world.rolled_out()
    await until(lambda: reads(world, "Ready"), "Ready")
    instance = await world.get(INSTANCE, "acme")
    assert kstatus.compute(instance) == kstatus.CURRENT
    assert kstatus.complaints(None, instance) == []
    assert len(await world.names(SECRET)) == 4


REQUESTS: dict[str, tuple[Fault, str, str]] = {
    "409 for a Secret that was made": (faults.answer(409, done=True), "POST", "/secrets"),
    "409 for an apply": (faults.answer(409), "PATCH", "/services/"),
    "429 with Retry-After": (faults.answer(429, retry_after=1), "PATCH", "/serviceaccounts/"),
    "500 for a Job that was made": (faults.answer(500, done=True), "POST", "/jobs"),
    "503 for a role": (faults.answer(503), "PATCH", "/roles/"),
    "a slow answer": (faults.slow(1), "PATCH", "/statefulsets/"),
    "HTML instead of JSON": (faults.garbage(), "PATCH", "/leases/acme-channels"),
    "a cut in the middle of an answer": (faults.reset(), "POST", "/secrets"),
    "a cut in the middle of a status": (faults.reset(), "PATCH", "/acme/status"),
}


async def test_an_instance_comes_up_while_requests_fail_in_every_way(
    world: World, api: FaultyApi
) -> None:
    """All in one life, each once."""
    rules = {
        name: api.inject(fault, method=method, path=path)
        for name, (fault, method, path) in REQUESTS.items()
    }

    await world.create()
    await comes_up(world)

    assert {name for name, rule in rules.items() if not rule.hits} == set()


LISTS: dict[str, Fault] = {
    "410": faults.answer(410),
    "HTML": faults.garbage(),
    "a cut": faults.reset(),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_watch_layer_that_breaks_off_is_begun_anew(
    world: World, api: FaultyApi, operator: OperatorProcess, name: str
) -> None:
    """A list that fails in a way the watch layer does not know ends it, and that is told."""
    path = "/v1alpha1/polyantinstances"
    api.inject(faults.gone(), path=path, watch=True)
    rule = api.inject(LISTS[name], method="GET", path=path)
    api.drop_watches()
    await until(lambda: came(rule), "the list")

    await world.create()
    await comes_up(world)

    assert any("broke off and begin anew" in line["message"] for line in operator.lines())
    assert operator.process.poll() is None
    assert operator.get("/livez")[0] == 200


async def test_a_request_that_hangs_is_given_up_and_done_again(
    world: World, api: FaultyApi
) -> None:
    rule = api.inject(faults.hang(), method="POST", path=f"{world.namespace}/jobs")

    await world.create()
    await comes_up(world)

    assert rule.hits == 1


async def test_watches_that_are_gone_dropped_doubled_or_out_of_order_change_nothing(
    world: World, api: FaultyApi
) -> None:
    api.rewrite(faults.reordered, path="/deployments")
    api.rewrite(faults.twice, path="/jobs")
    api.rewrite(faults.twice, path="/polyantinstances")
    for _ in range(2):
        api.inject(faults.gone(), watch=True, times=5)
        api.drop_watches()

    await world.create()
    await until(lambda: is_there(world, JOB, 1), "a migration Job")
    api.inject(faults.gone(), watch=True, times=5)
    api.drop_watches()
    await comes_up(world)


async def test_a_lost_delete_is_found_by_the_comparison(
    world: World, api: FaultyApi, server: apiserver.ApiServer, tmp_path: Path
) -> None:
    """A second operator, for this namespace only, which compares every few seconds."""
    environ = {
        **TIMES,
        "POD_NAMESPACE": server.new_namespace("home"),
        "WATCH_NAMESPACES": world.namespace,
        "RESYNC_SECONDS": "10",
    }
    await world.create()
    await comes_up(world)
    lost = api.rewrite(lambda: faults.without("DELETED"))
    kubeconfig = api.kubeconfig(tmp_path)
    with operator_process.running(kubeconfig, tmp_path, "comparing", environ) as replica:
        operator_process.eventually(lambda: leads(replica), "it leads", seconds=90)
        await _web_comes_back(world)
    assert lost.hits


async def _web_comes_back(world: World) -> None:

    before = (await world.get(DEPLOYMENT, "acme-web"))["metadata"]["uid"]
    await asyncio.sleep(0.5)
    await world.admin.delete(DEPLOYMENT, world.namespace, "acme-web")

    async def is_back() -> bool:
        found = await world.admin.find(DEPLOYMENT, world.namespace, "acme-web")
        return found is not None and found["metadata"]["uid"] != before

    await until(is_back, "the Deployment again")


async def test_at_rest_nothing_is_asked_but_the_lease_and_the_comparison(
    world: World, api: FaultyApi, operator: OperatorProcess
) -> None:
    """Whatever went wrong before: no loop is left behind."""
    await world.create()
    await comes_up(world)
    await asyncio.sleep(1)
    api.seen.clear()

    await asyncio.sleep(6)

    writes = {each for each in api.seen if each[0] in ("POST", "PATCH", "DELETE")}
    assert {path.rsplit("/", 1)[0] for _, path in writes} <= {f"{home(api)}/events"}, writes
    # One Lease renewal a second, and at most one comparison with its passes.
    assert api.count("PUT") <= 8
    assert api.count("GET", f"/namespaces/{world.namespace}/") <= 60
    assert [line for line in operator.lines() if line["level"] == "critical"] == []


def home(api: FaultyApi) -> str:
    return next(path.rsplit("/", 2)[0] for verb, path in api.seen if verb == "PUT")


async def test_an_api_server_that_goes_away_for_moments_ends_nothing(
    world: World, api: FaultyApi, operator: OperatorProcess
) -> None:
    await world.create()
    await until(lambda: is_there(world, JOB, 1), "a migration Job")

    for _ in range(2):
        api.go_away()
        await asyncio.sleep(1)
        api.come_back()
        await asyncio.sleep(0.5)

    await comes_up(world)
    assert operator.process.poll() is None
    assert operator.get("/livez")[0] == 200


async def test_an_api_server_away_for_longer_than_the_lease_costs_a_restart_and_nothing_else(
    server: apiserver.ApiServer, api: FaultyApi, tmp_path: Path
) -> None:
    """What the kubelet does is done here: a process that ended is started again."""
    times = TIMES | {"LEASE_SECONDS": "12", "LEASE_RENEW_SECONDS": "8"}
    environ = {"POD_NAMESPACE": server.new_namespace("home"), "LEASE_NAME": "second", **times}
    async with operator_world.world(server) as world:
        environ["WATCH_NAMESPACES"] = world.namespace
        kubeconfig = api.kubeconfig(tmp_path)
        with operator_process.running(kubeconfig, tmp_path, "first", environ) as replica:
            operator_process.eventually(lambda: leads(replica), "the operator leads", seconds=90)
            await world.create()
            await comes_up(world)
            before = await world.get(DEPLOYMENT, "acme-engine")
            api.go_away()
            assert replica.process.wait(timeout=30) == 2
        await world.admin.delete(STATEFUL_SET, world.namespace, "acme-database")
        await world.change({"engine": {"replicas": 2}})

        with operator_process.running(kubeconfig, tmp_path, "again", environ) as replica:
            await asyncio.sleep(3)
            assert replica.process.poll() is None, "it waits for the API server"
            api.come_back()
            await until(lambda: is_there(world, STATEFUL_SET, 1), "the StatefulSet again")
            await world.database_ready()

            async def is_scaled() -> bool:
                engine = await world.get(DEPLOYMENT, "acme-engine")
                return bool(engine["spec"]["replicas"] == 2)

            await until(is_scaled, "two replicas")
        after = await world.get(DEPLOYMENT, "acme-engine")
        assert after["spec"]["template"] == before["spec"]["template"]
        await world.admin.delete(INSTANCE, world.namespace, "acme")

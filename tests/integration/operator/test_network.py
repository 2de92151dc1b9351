"""Policies and monitors on a real API server: made first, kept, opened up when they may be the fault."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from polyant_operator.kube.kinds import (
    ENDPOINT_SLICE,
    EVENT,
    NETWORK_POLICY,
    POD_MONITOR,
    Object,
)
from support import apiserver, operator_world, optional_apis
from support.operator_world import EMBEDDED, World

pytestmark = pytest.mark.integration

RESTRICTED = {"networkPolicy": {"egress": "Restricted"}}
MONITORED = {"monitoring": {"podMonitor": {"labels": {"release": "prometheus"}}}}


async def reasons(world: World) -> list[str]:
    return sorted([each["reason"] async for each in world.admin.walk(EVENT, world.namespace)])


def blocks(policy: Object) -> set[tuple[str, int]]:
    """Single addresses that a policy lets out to, with the port."""
    return {
        (peer["ipBlock"]["cidr"].partition("/")[0], port["port"])
        for rule in policy["spec"]["egress"]
        for peer in rule.get("to", ())
        if peer.get("ipBlock", {}).get("cidr", "").endswith(("/32", "/128"))
        for port in rule["ports"]
    }


@asynccontextmanager
async def api_servers(world: World, *addresses: str) -> AsyncIterator[None]:
    """What the API servers of a real cluster write; this one serves on a loopback address."""
    made = {
        "apiVersion": ENDPOINT_SLICE.api_version,
        "kind": ENDPOINT_SLICE.kind,
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [each]} for each in addresses],
        "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
    }
    await world.admin.create(made)
    try:
        yield
    finally:
        await world.admin.delete(ENDPOINT_SLICE, "default", "kubernetes")


async def test_policies_are_there_before_any_pod_and_cost_nothing_at_rest(world: World) -> None:
    await world.create({**EMBEDDED, **RESTRICTED})
    await world.run()

    made = [write for write in world.client.writes if "networkpolicies" in write]
    kinds = [write.split("/")[-2] for write in world.client.writes]
    assert await world.names(NETWORK_POLICY) == [
        "acme-database",
        "acme-engine",
        "acme-migrate",
        "acme-web",
    ]
    assert kinds.index("networkpolicies") < kinds.index("statefulsets")
    world.client.writes.clear()
    await world.run()
    assert len(made) == 4
    assert not [write for write in world.client.writes if "networkpolicies" in write]


async def test_a_foreign_change_to_a_policy_is_put_back(world: World) -> None:
    await world.create({**EMBEDDED, **RESTRICTED})
    await world.run()
    opened: dict[str, Any] = {"spec": {"ingress": [{}]}}
    await world.admin.merge(NETWORK_POLICY, world.namespace, "acme-database", opened)

    await world.run()

    policy = await world.get(NETWORK_POLICY, "acme-database")
    assert [rule["ports"][0]["port"] for rule in policy["spec"]["ingress"]] == [5432]


async def test_a_restricted_engine_may_reach_the_api_servers_wherever_they_move(
    world: World,
) -> None:
    await world.create({**EMBEDDED, **RESTRICTED})
    async with api_servers(world, "172.18.0.2", "172.18.0.3"):
        await world.run()
        found = blocks(await world.get(NETWORK_POLICY, "acme-engine"))
    async with api_servers(world, "172.18.0.9"):
        await world.run()
        moved = blocks(await world.get(NETWORK_POLICY, "acme-engine"))

    service = {end for end in found if end[1] != 6443}
    assert found - service == {("172.18.0.2", 6443), ("172.18.0.3", 6443)}
    assert len(service) == 1, "the address the operator uses itself"
    assert moved == service | {("172.18.0.9", 6443)}
    assert blocks(await world.get(NETWORK_POLICY, "acme-web")) == set()


async def test_policies_that_close_the_way_to_the_database_can_be_taken_away(world: World) -> None:
    """The gate is closed then, and what waits for it must not wait for this."""
    await world.create({**EMBEDDED, **RESTRICTED})
    await world.run()
    await world.end_job(69, "unreachable")

    await world.change({"networkPolicy": {"enabled": False}})
    await world.run()

    assert await world.names(NETWORK_POLICY) == []


async def test_what_should_be_known_is_told_once_for_a_generation(world: World) -> None:
    await world.create({**EMBEDDED, **MONITORED})
    await world.run()
    world.restart()
    await world.run()

    told = ["EdgeOpenToAll", "MetricsOpenToAll", "PodMonitorUnavailable"]
    assert [each for each in await reasons(world) if each in told] == told


async def test_rights_for_namespaces_only_are_told_where_they_matter(
    server: apiserver.ApiServer,
) -> None:
    async with operator_world.world(server) as world:
        user = f"namespaced-{world.namespace}"
        binding = ("create", "rolebinding", "all", "--clusterrole=cluster-admin", f"--user={user}")
        server.kubectl(*binding, "-n", world.namespace)
        async with operator_world.world(
            server, impersonate=user, namespace=world.namespace
        ) as limited:
            await limited.create({**EMBEDDED, **RESTRICTED})
            await limited.run()

            assert "ApiServerPartlyKnown" in await reasons(limited)
            policy = await limited.get(NETWORK_POLICY, "acme-engine")
            # What it could find out without asking: the address it uses itself.
            assert {port for _, port in blocks(policy)} == {int(server.url.rpartition(":")[2])}


async def test_an_api_that_comes_later_is_used_and_one_that_goes_is_not_missed(
    world: World, server: apiserver.ApiServer
) -> None:
    await world.bring_up({**EMBEDDED, **MONITORED})
    assert (await world.conditions())["Ready"] == ("True", "Ready")
    assert not world.tools.discovery.available(POD_MONITOR)

    with optional_apis.installed(server, POD_MONITOR):
        await world.run()

        monitor = await world.get(POD_MONITOR, "acme")
        assert monitor["metadata"]["labels"]["release"] == "prometheus"
        assert monitor["spec"]["podMetricsEndpoints"][0]["interval"] == "30s"
        world.client.writes.clear()
        await world.run()
        assert world.client.writes == []

        await world.change({"monitoring": {"podMonitor": None}})
        await world.run()
        assert await world.names(POD_MONITOR) == []
        await world.change(MONITORED)
        await world.run()

    # It went without anybody telling: the next write finds out, the one after does without.
    await world.run()
    assert (await world.conditions())["Ready"] == ("True", "Ready")

"""Two releases by mistake: each finds the other, says so once, and a fight is told with its name."""

import logging

import pytest

from polyant_operator.handlers.rivals import Rivals
from polyant_operator.kube.client import Client
from polyant_operator.kube.fights import FREE
from polyant_operator.kube.kinds import ROLE
from polyant_operator.kube.leases import LeaseStore
from polyant_operator.kube.territory import Territory
from support import apiserver
from support.operator_world import World

pytestmark = pytest.mark.integration


class Release:
    """An operator of its own namespace and Lease, as far as others see it."""

    def __init__(self, server: apiserver.ApiServer, client: Client, serves: Territory) -> None:
        self.home = server.new_namespace("home")
        self.store = LeaseStore(client, self.home, "polyant-operator", serves)
        self.rivals = Rivals(client, self.store, set())
        self.said = f"Lease polyant-operator in namespace {self.home}"

    async def renew(self, holder: str = "me") -> None:
        lease = await self.store.read() or self.store.blank()
        renewals = int(lease["spec"].get("leaseTransitions", 0)) + 1
        spec = {"holderIdentity": holder, "leaseTransitions": renewals}
        await self.store.write(lease | {"spec": spec})


def two(server: apiserver.ApiServer, world: World, *serves: Territory) -> tuple[Release, Release]:
    one, other = (Release(server, world.client, each) for each in serves)
    return one, other


async def look(*releases: Release) -> None:
    for _ in range(2):
        for each in releases:
            await each.renew()
        for each in releases:
            await each.rivals.look()


async def test_two_releases_find_each_other_and_say_so_once(
    server: apiserver.ApiServer, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    everywhere, here = Territory(shard="two"), Territory(namespaces=(world.namespace,), shard="two")
    one, other = two(server, world, everywhere, here)

    with caplog.at_level(logging.INFO):
        await look(one, other)
        await look(one, other)
        await other.renew(holder="")
        await one.rivals.look()

    assert one.rivals.names == set()
    lines = [each.message for each in caplog.records if other.said in each.message]
    assert len(lines) == 2, lines
    assert "Uninstall one of the two releases" in lines[0]
    assert "is gone" in lines[1]


async def test_releases_that_divide_the_instances_are_no_rivals(
    server: apiserver.ApiServer, world: World
) -> None:
    one, other = two(server, world, Territory(shard="a"), Territory(shard="b"))

    await look(one, other)

    assert one.rivals.names == other.rivals.names == set()


async def test_a_lease_that_a_dead_operator_left_is_no_rival(
    server: apiserver.ApiServer, world: World
) -> None:
    one, dead = two(server, world, Territory(shard="c"), Territory(shard="c"))
    await dead.renew()

    for _ in range(3):
        await one.rivals.look()

    assert one.rivals.names == set()


async def test_a_fight_with_another_operator_names_its_lease(world: World) -> None:
    """Its writes have our field manager and another hash."""
    world.tools.rivals.add("Lease polyant-operator in namespace other")
    await world.create()
    await world.run()

    for number in range(FREE + 1):
        patch = {"metadata": {"annotations": {"polyant.ai/applied": str(number)}}}
        await world.admin.merge(ROLE, world.namespace, "acme-engine", patch)
        await world.run()

    message = await world.message("Ready")
    assert "another Polyant operator (Lease polyant-operator in namespace other)" in message

"""EdgeReady by what a real controller says, and a change of the edge that nobody outside notices."""

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from polyant_operator.api.instance import parse
from polyant_operator.desired import trust
from polyant_operator.kube.kinds import HTTP_ROUTE, INGRESS, INSTANCE
from support import apiserver, believers, front, installed_edge, operator_world
from support.front import Front
from support.installed_edge import WAYS, until_edge, until_served
from support.operator_world import EMBEDDED, World
from support.wire import Client

pytestmark = pytest.mark.integration

INGRESS_WAY, ROUTE_WAY = WAYS[0], WAYS[1]


@pytest.fixture
async def world(edge_server: apiserver.ApiServer) -> AsyncIterator[World]:
    async with operator_world.world(edge_server) as made:
        yield made


def route(world: World, door: Front, **changes: Any) -> dict[str, Any]:
    return {**installed_edge.edge(ROUTE_WAY, world.namespace, door), **changes}


async def test_a_gateway_that_nobody_runs_is_waited_for_and_told(world: World, door: Front) -> None:
    await world.bring_up({**EMBEDDED, "edge": route(world, door, parentRefs=[{"name": "nowhere"}])})

    message = await until_edge(world, "False", "RoutePending")

    assert "No controller has answered for Gateway nowhere about HTTPRoute acme" in message
    assert (await world.conditions())["Ready"] == ("False", "RoutePending")


async def test_a_refusal_is_told_in_the_controllers_words_and_a_correction_is_seen(
    world: World, door: Front
) -> None:
    refs = [{**front.GATEWAY, "sectionName": name} for name in ("http", "closed")]
    await world.bring_up({**EMBEDDED, "edge": route(world, door, parentRefs=refs)})

    message = await until_edge(world, "False", "RouteRefused")

    assert (
        "Gateway gateways/public, section closed (projectcontour.io/gateway-controller)" in message
    )
    assert "Accepted is False, NotAllowedByListeners" in message
    assert "No listeners" in message

    await world.change({"edge": route(world, door, parentRefs=[front.GATEWAY])})
    assert await until_edge(world, "True", "RouteAccepted") == (
        f"Gateway gateways/public accepted the routes for chat-{world.namespace}.front.test."
    )


async def test_the_edge_changes_its_kind_and_nobody_outside_notices(
    world: World, edge_server: apiserver.ApiServer, door: Front
) -> None:
    ingress = installed_edge.edge(INGRESS_WAY, world.namespace, door)
    await world.bring_up({**EMBEDDED, "edge": ingress})
    told = trust.derive(parse(await world.get(INSTANCE, "acme")))
    client = Client(port=door.http, host=ingress["host"])
    with believers.running(told) as ends:
        believers.publish(edge_server, world.namespace, ends)
        until_served(client)
        with constant_requests(client) as failed:
            for wanted, kept, gone in [
                (
                    {"type": "HTTPRoute", "parentRefs": [front.GATEWAY], "className": None},
                    HTTP_ROUTE,
                    INGRESS,
                ),
                ({**ingress, "parentRefs": None}, INGRESS, HTTP_ROUTE),
            ]:
                await world.change({"edge": wanted})
                await until_edge(world, "True")
                await world.run()
                assert (await world.names(kept), await world.names(gone)) == (["acme"], [])

    assert failed == []


async def test_the_old_edge_serves_on_until_the_new_one_is_accepted(
    world: World, door: Front
) -> None:
    ingress = installed_edge.edge(INGRESS_WAY, world.namespace, door)
    await world.bring_up({**EMBEDDED, "edge": ingress})
    nowhere = {"type": "HTTPRoute", "className": None, "parentRefs": [{"name": "nowhere"}]}

    await world.change({"edge": nowhere})
    await until_edge(world, "False", "RoutePending")

    assert (await world.names(INGRESS), await world.names(HTTP_ROUTE)) == (["acme"], ["acme"])


async def test_at_rest_nothing_is_written(world: World, door: Front) -> None:
    listeners = [{**front.GATEWAY, "sectionName": name} for name in ("http", "https")]
    fields = route(
        world, door, parentRefs=listeners, engineHost=f"api-{world.namespace}.front.test"
    )
    await world.bring_up({**EMBEDDED, "edge": fields})
    await until_edge(world, "True", "RouteAccepted")
    world.restart()

    await world.run()
    await world.run()

    assert world.client.writes == []


async def test_the_second_host_goes_when_it_is_no_longer_wanted(world: World, door: Front) -> None:
    second = {"engineHost": f"api-{world.namespace}.front.test"}
    await world.bring_up({**EMBEDDED, "edge": route(world, door, **second)})
    await until_edge(world, "True", "RouteAccepted")
    assert await world.names(HTTP_ROUTE) == ["acme", "acme-engine"]

    await world.change({"edge": {"engineHost": None}})
    await until_edge(world, "True", "RouteAccepted")
    await world.run()

    assert await world.names(HTTP_ROUTE) == ["acme"]


@contextmanager
def constant_requests(client: Client) -> Iterator[list[str]]:
    """Ask again and again; yields what went wrong."""
    failed: list[str] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                status = client.get("/v1/models").status
            except OSError as error:
                failed.append(repr(error))
                continue
            if status != 200:
                failed.append(f"{status}")
            time.sleep(0.02)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield failed
        time.sleep(0.5)
    finally:
        done.set()
        thread.join()

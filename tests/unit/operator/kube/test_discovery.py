"""Discovery: which kinds of other people's operators can be used, and when that is known."""

import pytest
from typing_extensions import override

from polyant_operator.kube import errors
from polyant_operator.kube.access import Access
from polyant_operator.kube.client import Client, Request
from polyant_operator.kube.discovery import Discovery
from polyant_operator.kube.kinds import CERTIFICATE, HTTP_ROUTE, POD_MONITOR, SERVICE, Kind, Object


class Server(Client):
    """Serves the group versions it is told to, or fails."""

    def __init__(self) -> None:
        super().__init__(Access(server="http://unused"))
        self.served: dict[str, list[str]] = {}
        self.fails: errors.KubeError | None = None

    @override
    async def send(self, request: Request) -> Object:
        if self.fails is not None:
            raise self.fails
        version = request.path.removeprefix("/apis/")
        if version not in self.served:
            raise errors.NotFound(request.path, 404)
        return {"resources": [{"name": name} for name in self.served[version]]}


async def test_a_kind_is_available_once_its_api_serves_it() -> None:
    server = Server()
    discovery = Discovery(server)
    await discovery.refresh()
    assert not discovery.available(POD_MONITOR)
    assert discovery.available(SERVICE), "every cluster has those"

    server.served = {POD_MONITOR.api_version: ["podmonitors", "podmonitors/status"]}

    assert await discovery.refresh()
    assert discovery.available(POD_MONITOR)
    assert discovery.absent() == {"HTTPRoute", "Certificate"}


async def test_a_group_without_the_kind_is_not_enough() -> None:
    server = Server()
    server.served = {HTTP_ROUTE.api_version: ["gateways"]}
    discovery = Discovery(server)

    assert not await discovery.refresh()

    assert not discovery.available(HTTP_ROUTE)


async def test_a_kind_that_was_removed_is_not_available_any_more() -> None:
    server = Server()
    server.served = {CERTIFICATE.api_version: ["certificates"]}
    discovery = Discovery(server)
    await discovery.refresh()
    server.served = {}

    assert await discovery.refresh()

    assert not discovery.available(CERTIFICATE)


async def test_a_silent_api_server_changes_nothing() -> None:
    server = Server()
    server.served = {POD_MONITOR.api_version: ["podmonitors"]}
    discovery = Discovery(server)
    await discovery.refresh()
    server.fails = errors.Unavailable("503")

    assert not await discovery.refresh()

    assert discovery.available(POD_MONITOR)


async def test_who_may_not_ask_has_none() -> None:
    server = Server()
    server.fails = errors.Forbidden("no", 403)
    discovery = Discovery(server)

    assert not await discovery.refresh()

    assert not discovery.available(POD_MONITOR)


@pytest.mark.parametrize("kind", [POD_MONITOR, HTTP_ROUTE, CERTIFICATE])
async def test_nothing_is_available_before_the_first_answer(kind: Kind) -> None:
    assert not Discovery(Server()).available(kind)

"""Where the API server is, and what is kept when that cannot be asked."""

from typing import Any

from typing_extensions import override

from polyant_operator.kube import errors
from polyant_operator.kube.access import Access
from polyant_operator.kube.api_server import ApiServer, ends_of
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import Kind, Object


def slice_of(*addresses: str) -> Object:
    return {
        "endpoints": [{"addresses": [each]} for each in addresses],
        "ports": [{"name": "https", "port": 6443}],
    }


class Server(Client):
    """Gives one EndpointSlice, or an error."""

    def __init__(self, url: str = "https://127.0.0.1:6444") -> None:
        super().__init__(Access(server=url))
        self.answer: Object | errors.KubeError = slice_of("172.18.0.2")

    @override
    async def get(self, kind: Kind, namespace: str | None, name: str) -> Object:
        assert (kind.kind, namespace, name) == ("EndpointSlice", "default", "kubernetes")
        if isinstance(self.answer, errors.KubeError):
            raise self.answer
        return self.answer


async def test_the_servers_and_the_address_we_use_ourselves() -> None:
    api_server = ApiServer(Server())

    assert await api_server.refresh()

    assert api_server.ends == (("127.0.0.1", 6444), ("172.18.0.2", 6443))
    assert api_server.is_whole
    assert not await api_server.refresh()


async def test_a_moved_control_plane_is_news() -> None:
    server = Server()
    api_server = ApiServer(server)
    await api_server.refresh()
    server.answer = slice_of("172.18.0.3", "172.18.0.4")

    assert await api_server.refresh()

    assert ("172.18.0.2", 6443) not in api_server.ends
    assert ("172.18.0.4", 6443) in api_server.ends


async def test_what_cannot_be_asked_stays_and_no_answer_is_no_removal() -> None:
    server = Server()
    api_server = ApiServer(server)
    await api_server.refresh()
    for answer in (errors.Unavailable("503"), slice_of()):
        server.answer = answer

        assert not await api_server.refresh()

        assert ("172.18.0.2", 6443) in api_server.ends


async def test_who_may_not_read_knows_the_service_alone() -> None:
    server = Server()
    server.answer = errors.Forbidden("no", 403)
    api_server = ApiServer(server)

    await api_server.refresh()

    assert api_server.ends == (("127.0.0.1", 6444),)
    assert not api_server.is_whole
    server.answer = slice_of("172.18.0.2")
    assert await api_server.refresh()
    assert api_server.is_whole


def test_a_slice_without_ports_or_addresses_has_no_ends() -> None:
    incomplete: dict[str, Any] = {"endpoints": [{"addresses": ["10.0.0.1"]}], "ports": None}

    assert ends_of(incomplete) == ()
    assert ends_of({"ports": [{"port": 6443}]}) == ()

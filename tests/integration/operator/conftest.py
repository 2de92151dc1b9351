"""One real API server with our CRD for all tests of the operator; each test has a namespace."""

from collections.abc import AsyncIterator, Iterator

import pytest

from support import apiserver, operator_world, resources
from support.operator_world import World


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-crash-point",
        action="store_true",
        help="let the operator die after each of its writes, not after a share of them",
    )
    parser.addoption(
        "--long-outages",
        action="store_true",
        help="leave the API server away for a minute and for ten, in real time",
    )
    parser.addoption(
        "--write-broken-page",
        action="store_true",
        help="write docs/reference/broken.md anew from what the operator says",
    )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apiserver.ApiServer]:
    with resources.serving(tmp_path_factory.mktemp("apiserver")) as running:
        yield running


@pytest.fixture
async def world(server: apiserver.ApiServer) -> AsyncIterator[World]:
    async with operator_world.world(server) as made:
        yield made

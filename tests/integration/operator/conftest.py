"""One real API server with our CRD for all tests of the operator; each test has a namespace."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support import apiserver, operator_world
from support.operator_process import eventually
from support.operator_world import World

CRD = Path(__file__).parents[3] / "crds" / "polyant.ai_polyantinstances.yaml"


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
    with apiserver.running(tmp_path_factory.mktemp("apiserver")) as running:
        running.kubectl("apply", "--server-side", "-f", str(CRD))
        served = ("get", "--raw", "/apis/polyant.ai/v1alpha1/polyantinstances")
        eventually(lambda: running.try_kubectl(*served).returncode == 0, "the CRD is served")
        yield running


@pytest.fixture
async def world(server: apiserver.ApiServer) -> AsyncIterator[World]:
    async with operator_world.world(server) as made:
        yield made

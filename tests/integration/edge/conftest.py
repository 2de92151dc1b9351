"""One API server with a real Contour and Envoy in front, for all tests of the edge."""

from collections.abc import Iterator, Mapping

import pytest

from support import apiserver, front, installed_edge, resources
from support.front import Front
from support.installed_edge import WAYS, Installed, Way

# Longer than the 15 s after which Envoy gives up by default.
STREAM_SECONDS = 18


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "how long a streamed answer lasts"
    parser.addoption("--stream-seconds", type=int, default=STREAM_SECONDS, help=text)


@pytest.fixture(scope="session")
def stream_seconds(request: pytest.FixtureRequest) -> int:
    """How long a streamed answer lasts, a piece a second."""
    return int(request.config.getoption("--stream-seconds", default=STREAM_SECONDS))


@pytest.fixture(scope="session")
def edge_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apiserver.ApiServer]:
    with resources.serving(tmp_path_factory.mktemp("apiserver")) as running:
        yield running


@pytest.fixture(scope="session")
def door(
    edge_server: apiserver.ApiServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    with front.running(edge_server, tmp_path_factory.mktemp("front")) as running:
        yield running


@pytest.fixture(scope="session")
def installations(
    edge_server: apiserver.ApiServer, door: Front
) -> Iterator[Mapping[Way, Installed]]:
    with installed_edge.running(edge_server, door) as found:
        yield found


@pytest.fixture(params=WAYS, ids=[way.name for way in WAYS])
def installed(request: pytest.FixtureRequest, installations: Mapping[Way, Installed]) -> Installed:
    """An installation behind the front door, by each API, with one host and two, one hop and two."""
    return installations[request.param]

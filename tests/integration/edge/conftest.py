"""One API server with a real Contour and Envoy in front, for all tests of the edge."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from support import apiserver, front, installed_edge
from support.front import Front
from support.installed_edge import WAYS, Installed, Way
from support.operator_process import eventually

# Longer than the 15 s after which Envoy gives up by default.
STREAM_SECONDS = 18
CRD = Path(__file__).parents[3] / "crds" / "polyant.ai_polyantinstances.yaml"


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "how long a streamed answer lasts"
    parser.addoption("--stream-seconds", type=int, default=STREAM_SECONDS, help=text)


@pytest.fixture(scope="session")
def stream_seconds(request: pytest.FixtureRequest) -> int:
    """How long a streamed answer lasts, a piece a second."""
    return int(request.config.getoption("--stream-seconds", default=STREAM_SECONDS))


@pytest.fixture(scope="session")
def edge_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apiserver.ApiServer]:
    with apiserver.running(tmp_path_factory.mktemp("apiserver")) as running:
        running.kubectl("apply", "--server-side", "-f", str(CRD))
        served = ("get", "--raw", "/apis/polyant.ai/v1alpha1/polyantinstances")
        eventually(lambda: running.try_kubectl(*served).returncode == 0, "the CRD is served")
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

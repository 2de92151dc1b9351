"""One API server for all tests of this folder, with our CRD and the operator's process on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import apiserver, flux, operator_process
from support.operator_process import OperatorProcess, eventually
from support.resources import install


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--minutes", type=float, default=10, help="how long to look for drift (%(default)s)"
    )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apiserver.ApiServer]:
    with apiserver.running(tmp_path_factory.mktemp("gitops")) as running:
        install(running)
        yield running


@pytest.fixture(scope="session")
def operator(
    server: apiserver.ApiServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    home = server.new_namespace("home")
    folder = tmp_path_factory.mktemp("operator")
    environ = {"POD_NAMESPACE": home, "RESYNC_SECONDS": "60"}
    with operator_process.running(server.kubeconfig, folder, "one", environ) as process:
        eventually(
            lambda: process.metric("polyant_operator_leader") == 1, "the operator leads", seconds=90
        )
        yield process


@pytest.fixture(scope="session")
def flux_crds(server: apiserver.ApiServer) -> apiserver.ApiServer:
    flux.install_crds(server)
    return server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "artifacts"
    made.mkdir()
    return made

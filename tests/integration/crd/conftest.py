"""One API server with the CRD for all tests of this folder."""

from collections.abc import Iterator

import pytest

from support import apiserver
from support.resources import Resources, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apiserver.ApiServer]:
    with serving(tmp_path_factory.mktemp("crd")) as running:
        yield running


@pytest.fixture
def resources(server: apiserver.ApiServer) -> Resources:
    return Resources(server=server, namespace=server.new_namespace("crd"))


@pytest.fixture(scope="session")
def shared(server: apiserver.ApiServer) -> Resources:
    """A namespace for dry runs, which leave nothing behind."""
    return Resources(server=server, namespace=server.new_namespace("crd"))

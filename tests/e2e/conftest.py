"""One cluster for the session, and one healthy installation that tests share and leave healthy."""

from collections.abc import Iterator

import pytest

from dev.up.kubectl import Kubectl
from support import endtoend


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-disturbance",
        action="store_true",
        help="disturb an installation under load in every way there is, not in the everyday one",
    )


@pytest.fixture(scope="session")
def cluster() -> endtoend.Cluster:
    found = endtoend.given_cluster()
    endtoend.sweep(found)
    return found


@pytest.fixture(scope="session")
def namespace(cluster: endtoend.Cluster) -> Iterator[Kubectl]:
    with endtoend.namespace(cluster) as within:
        yield within


@pytest.fixture(scope="session")
def acme(cluster: endtoend.Cluster, namespace: Kubectl) -> endtoend.Installation:
    installation = endtoend.Installation(cluster=cluster, kubectl=namespace, name="acme")
    installation.apply()
    installation.until_ready()
    return installation


@pytest.fixture(scope="session")
def two(acme: endtoend.Installation) -> endtoend.Installation:
    """The shared installation with two replicas, which it keeps: only the last files ask for it."""
    acme.apply(**endtoend.TWO)
    acme.until_ready()
    return acme


@pytest.fixture(scope="session")
def token(acme: endtoend.Installation) -> str:
    return acme.sign_in()


@pytest.fixture(scope="session")
def key(acme: endtoend.Installation, token: str) -> str:
    return acme.agent_key("hello", token)

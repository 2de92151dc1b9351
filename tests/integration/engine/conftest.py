"""A PostgreSQL per session and a database per test; nothing starts unless a test asks for it."""

from collections.abc import Iterator

import pytest

from support import postgres
from support.postgres import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with postgres.running() as found:
        yield found


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    server.make_template()
    return postgres.TEMPLATE


@pytest.fixture
def empty(server: Server) -> Iterator[str]:
    """Give the name of a database with nothing in it."""
    with server.database() as name:
        yield name


@pytest.fixture
def migrated(server: Server, template: str) -> Iterator[str]:
    """Give the name of a migrated database with the first administrator."""
    with server.database(template) as name:
        yield name

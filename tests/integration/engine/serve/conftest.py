"""An engine on a migrated database, one per file where a test needs no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engine_process
from support.engine_process import Engine
from support.postgres import Server


@pytest.fixture(scope="module")
def database(server: Server, template: str) -> Iterator[str]:
    with server.database(template) as name:
        yield name


@pytest.fixture(scope="module")
def engine(
    server: Server, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("engine")
    with engine_process.running(server.url(database), folder) as found:
        yield found.wait_ready()

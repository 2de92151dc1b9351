"""The trial's PostgreSQL: real, private, and found again in every state a kill can leave."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from dev.trial import database, keys, leftovers, ports
from dev.trial.child import Child
from dev.trial.errors import TrialError
from dev.trial.keys import Keys
from dev.trial.state import State

pytestmark = pytest.mark.integration


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.create()
    return state


@asynccontextmanager
async def server(state: State) -> AsyncIterator[tuple[Child, Keys, int]]:
    secrets, port = keys.load(state), ports.free()
    database.prepare(state, secrets)
    child = await Child.start(database.program(state, port), state.log("database"))
    try:
        await database.wait_ready(child, secrets, port)
        yield child, secrets, port
    finally:
        await child.stop()


async def test_it_is_postgresql_16_with_pgvector(state: State) -> None:
    async with server(state) as (_, secrets, port):
        connection = await asyncpg.connect(database.url(secrets, port))
        await connection.execute("CREATE EXTENSION vector")
        version = await connection.fetchval("SHOW server_version_num")
        await connection.close()

    assert version.startswith("16")


async def test_it_asks_for_the_password(state: State) -> None:
    async with server(state) as (_, secrets, port):
        url = database.url(secrets, port).replace(secrets.database_password, "wrong")

        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(url)


async def test_it_listens_on_this_machine_only(state: State) -> None:
    async with server(state) as (child, _, port):
        process = psutil.Process(int(str(child.note["pid"])))
        listening = {row.laddr.ip for row in process.net_connections() if row.status == "LISTEN"}

    assert (listening, port > 0) == ({"127.0.0.1"}, True)


async def test_it_runs_as_an_ordinary_user(state: State) -> None:
    async with server(state) as (child, _, _):
        uid = psutil.Process(int(str(child.note["pid"]))).uids().real

    assert uid != 0


async def test_data_is_there_after_a_restart(state: State) -> None:
    async with server(state) as (_, secrets, port):
        connection = await asyncpg.connect(database.url(secrets, port))
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        await connection.close()
    async with server(state) as (_, secrets, port):
        connection = await asyncpg.connect(database.url(secrets, port))
        kept = await connection.fetchval("SELECT one FROM kept")
        await connection.close()

    assert kept == 1


async def test_a_server_of_a_killed_run_is_stopped_although_no_note_names_it(state: State) -> None:
    async with server(state) as (child, _, _):
        found = leftovers.stop(state)
        await child.wait()

    assert found == [f"database (process {child.note['pid']})"]


async def test_a_pid_file_that_names_another_process_does_not_stop_the_start(state: State) -> None:
    async with server(state) as (child, _, _):
        note = (state.database / "postmaster.pid").read_text()
        child.kill()
        await child.wait()
    other = str(os.getpid())
    (state.database / "postmaster.pid").write_text(note.replace(note.split()[0], other, 1))

    assert leftovers.stop(state) == []
    async with server(state) as (_, secrets, port):
        connection = await asyncpg.connect(database.url(secrets, port))
        await connection.close()


async def test_a_half_made_data_folder_is_made_anew(state: State) -> None:
    secrets = keys.load(state)
    database.prepare(state, secrets)
    (state.folder / "database.unfinished").touch()
    (state.database / "PG_VERSION").write_text("16\n")
    (state.database / "base").rename(state.folder / "cut off")

    async with server(state) as (_, secrets, port):
        connection = await asyncpg.connect(database.url(secrets, port))
        await connection.close()


def test_data_of_another_major_version_is_refused(state: State) -> None:
    secrets = keys.load(state)
    state.database.mkdir()
    (state.database / "PG_VERSION").write_text("15\n")

    with pytest.raises(TrialError, match="PostgreSQL 15"):
        database.prepare(state, secrets)


async def test_a_server_that_cannot_start_shows_its_log(state: State) -> None:
    secrets = keys.load(state)
    database.prepare(state, secrets)
    (state.database / "postgresql.conf").write_text("nonsense = here\n")
    child = await Child.start(database.program(state, ports.free()), state.log("database"))

    with pytest.raises(TrialError, match="nonsense"):
        await database.wait_ready(child, secrets, 1)


def test_a_noted_process_is_stopped_and_named(state: State) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    created = psutil.Process(process.pid).create_time()
    state.write_run({"children": [{"name": "engine", "pid": process.pid, "created": created}]})

    found = leftovers.stop(state)
    process.wait(10)  # it is our child, so it stays as a zombie until we look

    assert (found, psutil.pid_exists(process.pid)) == ([f"engine (process {process.pid})"], False)


def test_a_process_that_only_has_the_same_number_is_left_alone(state: State) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    created = psutil.Process(process.pid).create_time() - 100
    state.write_run({"children": [{"name": "engine", "pid": process.pid, "created": created}]})
    try:
        assert (leftovers.stop(state), process.poll()) == ([], None)
    finally:
        process.kill()
        process.wait()

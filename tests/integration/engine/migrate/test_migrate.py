"""The migration as a process, against a real server: what it does when all is well."""

import asyncio
import concurrent.futures
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from polyant_engine.installation import revisions
from support import postgres
from support.postgres import Server

pytestmark = pytest.mark.integration

HEAD = revisions.own_head()
ALL = [f"{number:04}" for number in range(1, int(HEAD) + 1)]


def report_of(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert len(lines) == 1
    found: dict[str, Any] = json.loads(lines[0])
    return found


def start(url: str, **changes: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "polyant_engine", "migrate"],
        env=postgres.environment(url, **changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def until(server: Server, database: str, query: str) -> None:
    """Wait until a query is true; on a connection of its own, so that its view is fresh."""
    watcher = await asyncpg.connect(server.url(database))
    async with asyncio.timeout(30):
        while not await watcher.fetchval(query):  # noqa: ASYNC110  another process is watched
            await asyncio.sleep(0.05)
    await watcher.close()


def test_an_empty_database_becomes_an_installation(
    server: Server, empty: str, tmp_path: Path
) -> None:
    log = tmp_path / "termination-log"
    owner = "polyant-demo/acme"

    ended = postgres.migrate(
        server.url(empty), TERMINATION_MESSAGE_PATH=str(log), INSTALLATION_OWNER=owner
    )

    report = report_of(ended)
    assert report == json.loads(log.read_text())
    assert (report["head"], report["applied"]) == (HEAD, ALL)
    assert report["minHead"] <= HEAD
    assert report["keyId"] == server.value("SELECT key_id FROM key_ring WHERE is_active", empty)
    assert report["installationId"] == str(server.value("SELECT id FROM installation", empty))
    assert report["pgvector"] == server.value(
        "SELECT extversion FROM pg_extension WHERE extname = 'vector'", empty
    )
    assert server.value("SELECT owner FROM installation", empty) == owner
    assert server.value("SELECT epoch FROM fence", empty) == 0


def test_a_second_run_changes_nothing(server: Server, migrated: str) -> None:
    before = server.value("SELECT id FROM installation", migrated)

    report = report_of(postgres.migrate(server.url(migrated)))

    assert report["applied"] == []
    assert report["installationId"] == str(before)
    assert server.value("SELECT count(*) FROM users", migrated) == 1


def test_four_at_once_end_well_and_one_of_them_migrates(server: Server, empty: str) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = [pool.submit(postgres.migrate, server.url(empty)) for _ in range(4)]
        reports = [report_of(run.result()) for run in runs]

    assert sorted(report["applied"] for report in reports) == [[], [], [], ALL]
    assert len({report["installationId"] for report in reports}) == 1
    assert server.value("SELECT count(*) FROM users", empty) == 1


def test_a_run_that_was_killed_is_finished_by_the_next(server: Server, empty: str) -> None:
    """Something blocks the second migration; the kill comes while it waits."""

    async def block_and_kill() -> None:
        blocker = await asyncpg.connect(server.url(empty))
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute("CREATE TABLE agents (id int)")
        running = start(server.url(empty))
        await until(server, empty, "SELECT to_regclass('schema_compat') IS NOT NULL")
        running.send_signal(signal.SIGKILL)
        running.communicate()
        await transaction.rollback()
        await blocker.close()

    asyncio.run(block_and_kill())
    assert server.value("SELECT head FROM schema_compat", empty) == "0001"

    report = report_of(postgres.migrate(server.url(empty)))

    assert report["applied"] == ALL[1:]


def test_the_database_may_come_later(server: Server) -> None:
    name = "comes_later"
    running = start(server.url(name), MIGRATE_TIMEOUT_SECONDS="30")
    time.sleep(3)

    server.execute(f"CREATE DATABASE {name}")

    output, errors = running.communicate(timeout=40)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert running.returncode == 0, errors
    assert json.loads(output)["applied"] == ALL


def test_it_stops_at_once_when_it_is_asked_to() -> None:
    running = start(f"postgresql://u@127.0.0.1:{postgres.free_port()}/d")
    time.sleep(2)

    running.terminate()

    running.communicate(timeout=5)
    assert running.returncode == 128 + signal.SIGTERM


def test_an_older_release_may_run_when_the_schema_says_so(server: Server, migrated: str) -> None:
    server.execute("UPDATE schema_compat SET head = '9999', min_head = '0001'", migrated)

    report = report_of(postgres.migrate(server.url(migrated)))

    assert (report["head"], report["minHead"], report["applied"]) == ("9999", "0001", [])


def test_the_first_administrator_is_made_once(server: Server, migrated: str) -> None:
    server.execute("UPDATE users SET email = 'ops@example.com'", migrated)

    report_of(postgres.migrate(server.url(migrated), INITIAL_ADMIN_EMAIL="other@example.com"))

    assert server.value("SELECT array_agg(email) FROM users", migrated) == ["ops@example.com"]
    assert server.value("SELECT action FROM audit_log", migrated) == "user.created"


def test_outside_kubernetes_a_generated_password_is_shown_once(server: Server, empty: str) -> None:
    first = postgres.migrate(server.url(empty), INITIAL_ADMIN_PASSWORD="")
    second = postgres.migrate(server.url(empty), INITIAL_ADMIN_PASSWORD="")

    assert "password: " in first.stderr
    assert "password: " not in second.stderr
    assert "password" not in first.stdout


def test_in_kubernetes_a_password_is_never_shown(server: Server, empty: str) -> None:
    kubernetes = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "INITIAL_ADMIN_PASSWORD": ""}

    ended = postgres.migrate(server.url(empty), **kubernetes)

    assert ended.returncode == 64
    assert "INITIAL_ADMIN_PASSWORD" in ended.stdout
    assert server.value("SELECT count(*) FROM users", empty) == 0


def test_both_keys_are_known_while_rotating(server: Server, migrated: str) -> None:
    changes = {
        "ENCRYPTION_KEY": "ab" * 32,
        "ENCRYPTION_KEY_PREVIOUS": postgres.ENCRYPTION_KEY,
    }
    active = server.value("SELECT key_id FROM key_ring WHERE is_active", migrated)

    report = report_of(postgres.migrate(server.url(migrated), **changes))

    assert report["keyId"] == active
    assert server.value("SELECT count(*) FROM key_ring", migrated) == 2


def test_ids_made_by_sql_are_of_version_7_and_of_now(server: Server, migrated: str) -> None:
    made = server.value("SELECT uuid_v7()", migrated)

    assert made.version == 7
    assert abs((made.int >> 80) / 1000 - time.time()) < 60

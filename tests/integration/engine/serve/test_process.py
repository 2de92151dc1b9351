"""The engine as a process: how it starts, what it says about itself, how it ends."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import asyncpg
import pytest

from support import engine_process, postgres
from support.engine_process import Answer
from support.postgres import Server

pytestmark = pytest.mark.integration


def problems(answer: Answer) -> str:
    assert answer.status == 503
    return " ".join(answer.json()["problems"].values())


def test_it_starts_while_its_database_is_down_and_says_so(tmp_path: Path) -> None:
    url = f"postgresql://u@127.0.0.1:{postgres.free_port()}/d"
    with engine_process.running(url, tmp_path) as engine:
        engine.wait_alive()

        assert "database does not answer" in problems(engine.readiness())
        assert engine.ask("GET", "/health").json()["status"] == "ok"
        assert engine.sign_in().status == 503


def test_it_becomes_ready_when_the_schema_arrives(
    server: Server, empty: str, tmp_path: Path
) -> None:
    with engine_process.running(server.url(empty), tmp_path) as engine:
        engine.wait_alive()
        assert "run migrate" in problems(engine.readiness())

        assert postgres.migrate(server.url(empty)).returncode == 0

        engine.wait_ready()


def test_it_is_not_ready_for_a_schema_that_needs_newer_code(
    server: Server, migrated: str, tmp_path: Path
) -> None:
    with engine_process.running(server.url(migrated), tmp_path) as engine:
        engine.wait_ready()
        server.execute("UPDATE schema_compat SET head = '9999', min_head = '0001'", migrated)
        assert engine.readiness().status == 200

        server.execute("UPDATE schema_compat SET min_head = '9998'", migrated)

        assert "9998" in problems(engine.readiness())


def test_it_is_not_ready_with_a_wrong_key(server: Server, migrated: str, tmp_path: Path) -> None:
    key = {"ENCRYPTION_KEY": "ab" * 32}
    with engine_process.running(server.url(migrated), tmp_path, **key) as engine:
        engine.wait_alive()

        active = server.value("SELECT key_id FROM key_ring", migrated)
        assert active in problems(engine.readiness())


def test_it_survives_the_loss_of_its_connections(
    server: Server, migrated: str, tmp_path: Path
) -> None:
    cut = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = 'polyant-engine' AND datname = current_database()"
    )
    with engine_process.running(server.url(migrated), tmp_path) as engine:
        engine.wait_ready()
        assert server.value(cut, migrated) > 0

        engine.wait_ready()
        assert engine.sign_in().json()["user"] is not None


def test_it_finishes_what_it_began_when_it_is_stopped(
    server: Server, migrated: str, tmp_path: Path
) -> None:
    """A lock holds a sign-in in flight; the signal comes meanwhile; then the lock goes."""
    answers: list[Answer] = []
    with engine_process.running(server.url(migrated), tmp_path) as engine:
        engine.wait_ready()

        async def scene() -> None:
            blocker = await asyncpg.connect(server.url(migrated))
            async with blocker.transaction():
                await blocker.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
                flight = threading.Thread(target=lambda: answers.append(engine.sign_in()))
                flight.start()
                await asyncio.to_thread(engine_process.wait, lambda: waits(server, migrated))
                engine.process.send_signal(signal.SIGTERM)
                await asyncio.to_thread(engine_process.wait, lambda: refuses(engine.main))
                assert problems(engine.readiness()) == "this process is shutting down"
                assert engine.ask("GET", "/livez", port=engine.metrics).status == 200
                assert engine.process.poll() is None
            await blocker.close()
            await asyncio.to_thread(flight.join)

        asyncio.run(scene())

        assert engine.process.wait(10) == 0
    assert answers[0].status == 201
    assert answers[0].json()["user"] is not None


def waits(server: Server, database: str) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return bool(server.value(query, database))


def refuses(port: int) -> bool:
    try:
        engine_process.ask(port, "GET", "/health")
    except ConnectionRefusedError:
        return True
    return False


def test_with_nothing_to_finish_it_ends_at_once(
    server: Server, migrated: str, tmp_path: Path
) -> None:
    with engine_process.running(server.url(migrated), tmp_path) as engine:
        engine.wait_ready()
        started = time.monotonic()

        assert engine.stop() == 0

    assert time.monotonic() - started < 5


def test_a_hanging_client_does_not_keep_it(server: Server, migrated: str, tmp_path: Path) -> None:

    with engine_process.running(server.url(migrated), tmp_path) as engine:
        engine.wait_ready()
        with socket.create_connection(("127.0.0.1", engine.main)) as idle:
            idle.send(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
            idle.recv(1000)

            assert engine.stop() == 0


def test_outside_kubernetes_it_migrates_first(server: Server, empty: str, tmp_path: Path) -> None:
    changes = {"MIGRATE_ON_START": "", "INITIAL_ADMIN_PASSWORD": ""}
    with engine_process.running(server.url(empty), tmp_path, **changes) as engine:
        engine.wait_ready()
        children = Path(f"/proc/{engine.process.pid}/task/{engine.process.pid}/children")
        left = children.read_text()
        text = engine.log.read_text()

    password = text.split("password: ")[1].split()[0]
    assert left == ""
    assert text.count(password) == 1


def test_a_migration_that_ends_badly_ends_the_start(
    server: Server, empty: str, tmp_path: Path
) -> None:
    server.execute("CREATE TABLE users ()", empty)
    with engine_process.running(server.url(empty), tmp_path, MIGRATE_ON_START="true") as engine:
        assert engine.process.wait(30) == 66

    assert "another application" in engine.log.read_text()


def test_a_start_that_waits_for_its_database_can_be_stopped(tmp_path: Path) -> None:
    url = f"postgresql://u@127.0.0.1:{postgres.free_port()}/d"
    with engine_process.running(url, tmp_path, MIGRATE_ON_START="true") as engine:
        engine_process.wait(lambda: "polyant_engine" in children_of(engine.process.pid))
        time.sleep(1)

        assert engine.stop() == 128 + signal.SIGTERM


def children_of(pid: int) -> str:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return " ".join(Path(f"/proc/{child}/cmdline").read_text() for child in children)


def test_a_wrong_environment_is_reported_in_full() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "polyant_engine", "serve"],
        check=False,
        env={"API_PORT": "x", "CORS_ORIGINS": "*", "ENCRYPTION_KEY": "short"},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert ended.returncode == 64
    for name in ("API_PORT", "CORS_ORIGINS", "ENCRYPTION_KEY", "AUTH_SECRET", "DATABASE_URL"):
        assert name in ended.stderr


def test_a_port_that_is_taken_is_named(server: Server, migrated: str, tmp_path: Path) -> None:
    with engine_process.running(server.url(migrated), tmp_path) as first:
        first.wait_ready()
        changes = {"API_PORT": str(first.main)}
        with engine_process.running(server.url(migrated), tmp_path, **changes) as second:
            assert second.process.wait(30) == 64

    assert f"{first.main}" in second.log.read_text()
    assert "Traceback" not in second.log.read_text()


def test_every_line_it_logs_is_json_and_holds_no_secret(
    server: Server, migrated: str, tmp_path: Path
) -> None:
    with engine_process.running(server.url(migrated), tmp_path) as engine:
        engine.wait_ready()
        token = engine.sign_in().json()["sessionToken"]
        engine.ask("GET", "/api/me?key=" + token, headers={"authorization": f"Bearer {token}"})
        engine.stop()

    text = engine.log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    secrets = (token, postgres.AUTH_SECRET, postgres.INTERNAL_SECRET, postgres.ENCRYPTION_KEY)
    assert not any(secret in text for secret in (*secrets, postgres.ADMIN_PASSWORD))
    assert any(line.get("requestId") for line in lines)


@pytest.mark.parametrize("command", [["--help"], ["serve", "--help"], ["migrate", "--help"]])
def test_help_is_there_without_any_setting(command: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "polyant_engine", *command],
        check=True,
        env={},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert "polyant-engine" in ended.stdout

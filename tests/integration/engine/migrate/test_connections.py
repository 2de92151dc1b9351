"""The ways to a database that people really have: TLS, a limited role, other spellings."""

import json
from pathlib import Path

import pytest

from support import engine_process, postgres, postgres_tls
from support.postgres import Server

pytestmark = pytest.mark.integration

SOON = {"MIGRATE_TIMEOUT_SECONDS": "2"}


def url(port: int, database: str, query: str = "") -> str:
    return f"postgres://{postgres.SUPERUSER}@127.0.0.1:{port}/{database}{query}"


def message(ended_stdout: str) -> str:
    words: str = json.loads(ended_stdout)["error"]["message"]
    return words


def test_a_server_is_verified_by_the_authority_that_is_given(
    server: Server, empty: str, tmp_path: Path
) -> None:
    with postgres_tls.front(server.port, tmp_path) as front:
        ca_file = {"DATABASE_CA_FILE": str(front.ca_file)}

        ended = postgres.migrate(url(front.port, empty), **ca_file)
        with engine_process.running(url(front.port, empty), tmp_path, **ca_file) as engine:
            engine.wait_ready()

    assert ended.returncode == 0, ended.stderr


def test_a_server_that_another_authority_vouches_for_is_refused(
    server: Server, empty: str, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with postgres_tls.front(server.port, tmp_path) as front:
        with postgres_tls.front(server.port, other) as stranger:
            ca_file = {"DATABASE_CA_FILE": str(stranger.ca_file)}
        ended = postgres.migrate(url(front.port, empty), **SOON, **ca_file)

    assert ended.returncode == 69
    assert "certificate" in message(ended.stdout).lower()


def test_an_extra_authority_counts_where_the_certificate_shall_be_verified(
    server: Server, empty: str, tmp_path: Path
) -> None:
    """Migration, Alembic's own connection and the pool: each makes its connections by itself."""
    with postgres_tls.front(server.port, tmp_path) as front:
        verified = url(front.port, empty, "?sslmode=verify-full")
        extra = {"EXTRA_CA_FILE": str(front.ca_file)}

        without = postgres.migrate(verified, **SOON)
        ended = postgres.migrate(verified, **extra)
        with engine_process.running(verified, tmp_path, **extra) as engine:
            engine.wait_ready()

    assert without.returncode == 69
    assert "certificate" in message(without.stdout).lower()
    assert ended.returncode == 0, ended.stderr


def test_an_extra_authority_that_is_no_certificate_is_told(server: Server, empty: str) -> None:
    ended = postgres.migrate(server.url(empty), EXTRA_CA_FILE="/etc/hostname")

    assert ended.returncode == 64
    assert "EXTRA_CA_FILE: /etc/hostname cannot be used" in message(ended.stdout)


def test_encryption_may_be_asked_for_without_an_authority(
    server: Server, empty: str, tmp_path: Path
) -> None:
    with postgres_tls.front(server.port, tmp_path) as front:
        ended = postgres.migrate(url(front.port, empty, "?ssl=true"))

    assert ended.returncode == 0, ended.stderr


def test_a_server_without_tls_is_refused_where_tls_is_asked_for(server: Server, empty: str) -> None:
    ended = postgres.migrate(url(server.port, empty, "?sslmode=require"), **SOON)

    assert ended.returncode == 69
    assert "SSL" in message(ended.stdout)


def test_the_parts_of_an_address_do_as_well(server: Server, empty: str) -> None:
    parts = {
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": str(server.port),
        "POSTGRES_DB": empty,
        "POSTGRES_USER": postgres.SUPERUSER,
        "POSTGRES_PASSWORD": "not asked for",
    }

    assert postgres.migrate("", **parts).returncode == 0


def test_an_ordinary_owner_is_enough_once_the_extension_is_there(
    server: Server, empty: str, tmp_path: Path
) -> None:
    server.execute("CREATE EXTENSION vector", empty)
    server.execute(f'CREATE ROLE app LOGIN; ALTER DATABASE "{empty}" OWNER TO app', empty)
    try:
        ended = postgres.migrate(server.url(empty, user="app"))
        with engine_process.running(server.url(empty, user="app"), tmp_path) as engine:
            engine.wait_ready()
            signed_in = engine.sign_in()
    finally:
        server.execute(f'ALTER DATABASE "{empty}" OWNER TO postgres', empty)
        server.execute("REASSIGN OWNED BY app TO postgres; DROP ROLE app", empty)

    assert ended.returncode == 0, ended.stderr
    assert signed_in.json()["user"] is not None

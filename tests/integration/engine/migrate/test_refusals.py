"""Every bad ending of a migration: its exit code, its reason, and words that end the search."""

import asyncio
import json
import subprocess
import uuid
from typing import Any

import asyncpg
import pytest

from polyant_engine.migrate.locking import LOCK
from support import postgres
from support.postgres import Server

pytestmark = pytest.mark.integration

OTHER_KEY = "ab" * 32
OTHER_ID = str(uuid.UUID(int=1))
SOON = {"MIGRATE_TIMEOUT_SECONDS": "2"}


def refusal(ended: subprocess.CompletedProcess[str], code: int, reason: str) -> str:
    """Check code and reason of a bad ending, and return its words."""
    assert ended.returncode == code, ended.stdout + ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)["error"]
    assert (found["code"], found["reason"]) == (code, reason)
    return f"{found['message']} {found['cure']}"


def tables(server: Server, name: str) -> list[str]:
    query = """
        SELECT coalesce(array_agg(tablename::text ORDER BY tablename), '{}') FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    """
    found: list[str] = server.value(query, name)
    return found


def test_64_names_every_wrong_variable() -> None:
    ended = postgres.migrate("mysql://x", ENCRYPTION_KEY="short", INSTALLATION_ID="x")

    words = refusal(ended, 64, "InvalidConfiguration")

    for name in ("DATABASE_URL", "ENCRYPTION_KEY", "INSTALLATION_ID"):
        assert name in words
        assert name in ended.stderr


def test_65_says_which_key_to_restore(server: Server, migrated: str) -> None:
    active = server.value("SELECT key_id FROM key_ring", migrated)

    ended = postgres.migrate(server.url(migrated), ENCRYPTION_KEY=OTHER_KEY)

    assert f"polyant.ai/key-id: {active}" in refusal(ended, 65, "EncryptionKeyMismatch")
    assert server.value("SELECT count(*) FROM key_ring", migrated) == 1


def test_66_refuses_a_database_of_the_original_product(server: Server, empty: str) -> None:
    server.execute('CREATE SCHEMA drizzle; CREATE TABLE drizzle."__drizzle_migrations" ()', empty)
    server.execute("CREATE TABLE instances ()", empty)

    words = refusal(postgres.migrate(server.url(empty)), 66, "DatabaseNotSupported")

    assert "bundles" in words
    assert tables(server, empty) == ["instances"]


def test_66_refuses_tables_of_another_application(server: Server, empty: str) -> None:
    server.execute("CREATE TABLE users (); CREATE TABLE sessions ()", empty)

    words = refusal(postgres.migrate(server.url(empty)), 66, "DatabaseNotSupported")

    assert "sessions, users" in words
    assert tables(server, empty) == ["sessions", "users"]


def test_66_tells_the_administrator_the_sql_for_pgvector(server: Server, empty: str) -> None:
    server.execute("CREATE ROLE plain LOGIN", empty)
    server.execute("GRANT CREATE ON SCHEMA public TO plain", empty)
    try:
        ended = postgres.migrate(server.url(empty, user="plain"))

        words = refusal(ended, 66, "DatabaseNotSupported")
    finally:
        server.execute("DROP OWNED BY plain; DROP ROLE plain", empty)
    assert "CREATE EXTENSION vector" in words
    assert "postInitApplicationSQL" in words
    assert tables(server, empty) == []


def test_66_tells_the_grant_that_is_missing(server: Server, empty: str) -> None:
    server.execute("CREATE ROLE bare LOGIN", empty)
    try:
        ended = postgres.migrate(server.url(empty, user="bare"))

        words = refusal(ended, 66, "DatabaseNotSupported")
    finally:
        server.execute("DROP ROLE bare", empty)
    assert 'GRANT CREATE, USAGE ON SCHEMA public TO "bare"' in words


def test_66_refuses_another_encoding(server: Server) -> None:
    options = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    server.execute(f"CREATE DATABASE latin {options}")
    try:
        words = refusal(postgres.migrate(server.url("latin")), 66, "DatabaseNotSupported")
    finally:
        server.execute("DROP DATABASE latin")
    assert "UTF8" in words


def test_67_names_the_release_that_is_needed(server: Server, migrated: str) -> None:
    server.execute("UPDATE schema_compat SET head = '9999', min_head = '9998'", migrated)

    assert "9998" in refusal(postgres.migrate(server.url(migrated)), 67, "DatabaseNewer")


def test_68_refuses_the_data_of_another_installation(server: Server, migrated: str) -> None:
    ended = postgres.migrate(server.url(migrated), INSTALLATION_ID=OTHER_ID)

    found = server.value("SELECT id FROM installation", migrated)
    assert f"polyant.ai/take-over: {found}" in refusal(ended, 68, "InstallationMismatch")


def test_68_refuses_another_owner_until_the_take_over_is_confirmed(
    server: Server, migrated: str
) -> None:
    server.execute("UPDATE installation SET owner = 'one/acme'", migrated)
    found = str(server.value("SELECT id FROM installation", migrated))

    refused = postgres.migrate(server.url(migrated), INSTALLATION_OWNER="two/acme")
    confirmed = postgres.migrate(
        server.url(migrated), INSTALLATION_OWNER="two/acme", INSTALLATION_TAKE_OVER=found
    )

    assert "one/acme" in refusal(refused, 68, "InstallationMismatch")
    assert confirmed.returncode == 0
    assert server.value("SELECT owner FROM installation", migrated) == "two/acme"


def test_68_refuses_an_empty_database_where_data_is_expected(server: Server, empty: str) -> None:
    refused = postgres.migrate(server.url(empty), INSTALLATION_ID=OTHER_ID)

    assert "empty" in refusal(refused, 68, "InstallationMismatch")
    assert tables(server, empty) == []

    changes = {"INSTALLATION_ID": OTHER_ID, "INSTALLATION_TAKE_OVER": OTHER_ID}
    assert postgres.migrate(server.url(empty), **changes).returncode == 0
    assert str(server.value("SELECT id FROM installation", empty)) == OTHER_ID


def test_69_says_where_nobody_answered() -> None:
    port = postgres.free_port()

    ended = postgres.migrate(f"postgresql://u:hunter2@127.0.0.1:{port}/d", **SOON)

    words = refusal(ended, 69, "DatabaseUnreachable")
    assert f"127.0.0.1:{port}" in words
    assert "hunter2" not in ended.stdout + ended.stderr


def test_69_says_that_the_database_does_not_exist(server: Server) -> None:
    words = refusal(postgres.migrate(server.url("nowhere"), **SOON), 69, "DatabaseUnreachable")

    assert '"nowhere" does not exist' in words
    assert "Create the database" in words


def test_69_says_that_the_role_does_not_exist(server: Server, empty: str) -> None:
    ended = postgres.migrate(server.url(empty, user="nobody_known"), **SOON)

    assert "nobody_known" in refusal(ended, 69, "DatabaseUnreachable")


def test_70_names_who_holds_the_lock(server: Server, empty: str) -> None:
    async def held() -> subprocess.CompletedProcess[str]:
        holder = await asyncpg.connect(
            server.url(empty), server_settings={"application_name": "a-stuck-migration"}
        )
        await holder.execute("SELECT pg_advisory_lock($1)", LOCK)
        ended = await asyncio.to_thread(postgres.migrate, server.url(empty), **SOON)
        await holder.close()
        return ended

    words = refusal(asyncio.run(held()), 70, "MigrationFailed")

    assert "a-stuck-migration" in words
    assert tables(server, empty) == []


def test_70_leaves_nothing_of_a_failed_migration(server: Server, empty: str) -> None:
    server.execute(
        "CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'", empty
    )

    words = refusal(postgres.migrate(server.url(empty)), 70, "MigrationFailed")

    assert "uuid_v7" in words
    assert tables(server, empty) == []

    server.execute("DROP FUNCTION uuid_v7()", empty)
    assert postgres.migrate(server.url(empty)).returncode == 0

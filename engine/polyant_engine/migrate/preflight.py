"""Look before touching anything: is this a database that Polyant can live in?"""

import re
from dataclasses import dataclass

import asyncpg

from polyant_engine.core.queries import load_queries
from polyant_engine.migrate.failures import DatabaseNotSupported

MIN_SERVER = 160_000
MIN_VECTOR = (0, 7)
OTHER_PRODUCT = frozenset({"__drizzle_migrations"})
OWN_MARK = "schema_compat"  # present exactly when our first migration has run
OWN_TABLES = frozenset(
    {
        "installation",
        "key_ring",
        "fence",
        "users",
        "sessions",
        "audit_log",
        "login_limits",
        "agents",
        "conversations",
        "messages",
        "turns",
        "instances",
    }
)
CNPG_EXAMPLE = (
    "With CloudNativePG: spec.bootstrap.initdb.postInitApplicationSQL:"
    ' ["CREATE EXTENSION vector"], with an image that has pgvector.'
)

_queries = load_queries("polyant_engine.migrate")


@dataclass(frozen=True, kw_only=True)
class Server:
    """What was found: the major version of PostgreSQL, and the version of pgvector."""

    major: str
    pgvector: str


async def check(connection: asyncpg.Connection) -> Server:
    """Raise unless the database can be used; return what it is."""
    version = await _check_server(connection)
    await _check_tables(connection)
    return Server(major=str(version // 10_000), pgvector=await _ensure_vector(connection))


async def _check_server(connection: asyncpg.Connection) -> int:
    found = await connection.fetchrow(_queries["server"])
    if found["version"] < MIN_SERVER:
        raise DatabaseNotSupported(
            f"The server is PostgreSQL {found['version_text']}; 16 or newer is needed.",
            "Upgrade the server, or point DATABASE_URL at one with PostgreSQL 16 or newer.",
        )
    if found["encoding"] != "UTF8":
        raise DatabaseNotSupported(
            f"The database {found['name']} is encoded in {found['encoding']}; UTF8 is needed.",
            f"Create it anew: CREATE DATABASE {found['name']} ENCODING 'UTF8' TEMPLATE template0;",
        )
    if not found["may_create"]:
        raise DatabaseNotSupported(
            f"The role {found['role']} may not create tables in {found['name']}.",
            f"As its owner: GRANT CREATE, USAGE ON SCHEMA {found['schema'] or 'public'}"
            f' TO "{found["role"]}"; or give migrate a role that may.',
        )
    version: int = found["version"]
    return version


async def _check_tables(connection: asyncpg.Connection) -> None:
    names = {row["name"] for row in await connection.fetch(_queries["tables"])}
    if names & OTHER_PRODUCT:
        raise DatabaseNotSupported(
            "This database belongs to an installation of the original Polyant (Drizzle migrations).",
            "Give this installation a database of its own, and bring agents over by exporting their"
            " bundles there (Settings, Export) and importing them here.",
        )
    foreign = sorted(names & OWN_TABLES)
    if foreign and OWN_MARK not in names:
        raise DatabaseNotSupported(
            f"This database holds tables of another application: {', '.join(foreign)}.",
            "Give this installation a database of its own: CREATE DATABASE polyant;",
        )


async def _ensure_vector(connection: asyncpg.Connection) -> str:
    found = await connection.fetchrow(_queries["vector"])
    version: str | None = found["installed"] or found["available"]
    if version is None:
        raise DatabaseNotSupported(
            "The server has no pgvector extension.",
            "Install pgvector >= 0.7 on the server (package postgresql-16-pgvector, or an image such"
            f" as pgvector/pgvector:pg16), then: CREATE EXTENSION vector; {CNPG_EXAMPLE}",
        )
    if _numbers(version) < MIN_VECTOR:
        await _update_vector(connection, version, found["available"])
    elif found["installed"] is None:
        await _as_owner(connection, "CREATE EXTENSION vector")
    installed: str = (await connection.fetchrow(_queries["vector"]))["installed"]
    return installed


async def _update_vector(
    connection: asyncpg.Connection, version: str, available: str | None
) -> None:
    if available is None or _numbers(available) < MIN_VECTOR:
        raise DatabaseNotSupported(
            f"The server has pgvector {version}; 0.7 or newer is needed.",
            "Upgrade pgvector on the server, then: ALTER EXTENSION vector UPDATE;",
        )
    await _as_owner(connection, "ALTER EXTENSION vector UPDATE")


async def _as_owner(connection: asyncpg.Connection, statement: str) -> None:
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError as refused:
        raise DatabaseNotSupported(
            "The pgvector extension is not set up in this database, and our role may not do it.",
            f"Let an administrator of the server run in this database: {statement}; {CNPG_EXAMPLE}",
        ) from refused


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])

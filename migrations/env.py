"""How migrations run: raw SQL over asyncpg, one transaction each, never waiting long for a lock.

`polyant-engine migrate` starts this with the DSN in `config.attributes`; it holds the advisory lock
meanwhile. A statement that cannot get its table lock within LOCK_TIMEOUT gives up instead of making
every query queue up behind it, and `migrate` tries again.

With each revision `schema_compat` moves in the same transaction: `head` is the revision, `min_head`
the oldest revision whose code works with the new schema. A revision says so in its own `min_head`;
without one it claims nothing for older code.
"""

import asyncio
import ssl
from collections.abc import Callable, Collection, Mapping
from typing import Any

import asyncpg
from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "15min"

NOTE_COMPAT = text(
    "INSERT INTO schema_compat (head, min_head) VALUES (:head, :min_head)"
    " ON CONFLICT (singleton) DO UPDATE SET head = :head, min_head = :min_head, updated_at = now()"
)

dsn: str = context.config.attributes["dsn"]
tls: ssl.SSLContext | None = context.config.attributes.get("tls")
note_applied: Callable[[str], None] = context.config.attributes["on_applied"]


async def connect() -> asyncpg.Connection:
    timeouts = {"lock_timeout": LOCK_TIMEOUT, "statement_timeout": STATEMENT_TIMEOUT}
    settings = {"application_name": "polyant-migrate", "jit": "off", **timeouts}
    return await asyncpg.connect(dsn, ssl=tls, server_settings=settings)


def advance_compat(
    ctx: MigrationContext,
    step: MigrationInfo,
    heads: Collection[Any],  # noqa: ARG001  Alembic passes all four by name
    run_args: Mapping[str, Any],  # noqa: ARG001  Alembic passes all four by name
) -> None:
    revision = step.up_revision
    if revision is None:
        raise RuntimeError("migrations only go forward, so each step leads to a revision")
    min_head = getattr(getattr(revision, "module", None), "min_head", revision.revision)
    connection = ctx.connection
    if connection is None:
        raise RuntimeError("migrations run online only")
    connection.execute(NOTE_COMPAT, {"head": revision.revision, "min_head": min_head})
    note_applied(revision.revision)


def upgrade(connection: Connection) -> None:
    context.configure(
        connection=connection,
        transaction_per_migration=True,
        on_version_apply=advance_compat,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run() -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=connect, poolclass=pool.NullPool
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


asyncio.run(run())

"""`polyant-engine migrate`: wait, lock, look, check, upgrade, found, report.

Nothing is changed before every check has passed, and every step can be run again: a migration that
was killed anywhere is finished by the next one.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncpg

from polyant_engine.core.clock import Clock, SystemClock
from polyant_engine.core.configuration import ConfigurationError
from polyant_engine.installation import revisions
from polyant_engine.installation.model import Compat, Identity, State
from polyant_engine.installation.postgres import InstallationStore
from polyant_engine.migrate import administrator, identity, locking, preflight, upgrading, waiting
from polyant_engine.migrate import report as reports
from polyant_engine.migrate.failures import (
    DatabaseUnreachable,
    InvalidConfiguration,
    MigrationFailed,
    MigrationFailure,
)
from polyant_engine.migrate.identity import Claim
from polyant_engine.migrate.report import Report
from polyant_engine.options import MigrationSettings
from polyant_engine.settings import load_migration, termination_path
from polyant_engine.vault import model as vault

_log = logging.getLogger(__name__)


def run(environ: Mapping[str, str]) -> int:
    """Migrate and report; return the exit code."""
    path = termination_path(environ)
    try:
        settings = load_migration(environ)
    except ConfigurationError as wrong:
        failed = InvalidConfiguration(str(wrong), "Correct the variables named here.")
        reports.publish(reports.failure(failed), path)
        _log.error("%s", wrong.report())
        return failed.code
    try:
        report = asyncio.run(migrate(settings, SystemClock()))
    except MigrationFailure as failed:
        return _failed(failed, path)
    except Exception as bug:  # noqa: BLE001  the boundary of the process: even a bug ends in a report
        _log.exception("unexpected error")
        text = f"Unexpected {type(bug).__name__}: {waiting.explain(bug)}."
        return _failed(MigrationFailed(text, "Read the log of this process; report it."), path)
    reports.publish(report.wire(), path)
    return 0


def _failed(failed: MigrationFailure, path: Path) -> int:
    reports.publish(reports.failure(failed), path)
    _log.error("%s %s", failed.message, failed.cure, extra={"reason": failed.reason})
    return failed.code


async def migrate(settings: MigrationSettings, clock: Clock) -> Report:
    """Bring the database to where this release can serve from it."""
    wait = settings.database.wait_seconds
    async with waiting.connected(settings.database, clock) as connection:
        with _named():
            # The preflight may create the extension, which two at once would trip over.
            async with locking.alone(connection, wait, clock):
                server = await preflight.check(connection)
                applied = await _upgrade(connection, settings)
                state = await _found(connection, settings)
                made = await administrator.ensure(
                    connection, settings.admin, clock, in_kubernetes=settings.in_kubernetes
                )
    return Report(
        head=state.head,
        min_head=state.min_head,
        postgresql=server.major,
        pgvector=server.pgvector,
        key_id=state.active_key_id,
        installation_id=str(state.id),
        administrator_made=made,
        applied=tuple(applied),
    )


async def _upgrade(connection: asyncpg.Connection, settings: MigrationSettings) -> list[str]:
    store, own_head = InstallationStore(connection), revisions.own_head()
    identity_found, compat, key = await _what_is(store)
    identity.check_version(compat, own_head)
    identity.check_identity(_claim(settings), identity_found)
    identity.check_key(key, _ring(settings).ids)
    if compat is not None and compat.head >= own_head:
        return []
    return await upgrading.upgrade(settings.database)


async def _what_is(store: InstallationStore) -> tuple[Identity | None, Compat | None, str | None]:
    try:
        return await store.identity(), await store.compatibility(), await store.active_key_id()
    except asyncpg.UndefinedTableError:
        return None, None, None


async def _found(connection: asyncpg.Connection, settings: MigrationSettings) -> State:
    """Write what an installation needs once, and what this run knows."""
    store = InstallationStore(connection)
    ours = Identity(id=settings.installation_id or uuid.uuid4(), owner=settings.owner)
    async with connection.transaction():
        await store.found(ours, vault.key(settings.keys.encryption_key).id, uuid.uuid4())
        for key_id in sorted(_ring(settings).ids):
            await store.note_key(key_id)
        if settings.owner is not None:
            await store.set_owner(settings.owner)
    state = await store.state()
    if state is None:
        raise MigrationFailed("The schema is incomplete.", "Report this as a bug.")
    return state


def _claim(settings: MigrationSettings) -> Claim:
    return Claim(
        installation_id=settings.installation_id,
        owner=settings.owner,
        take_over=settings.take_over,
    )


def _ring(settings: MigrationSettings) -> vault.Ring:
    return vault.ring(settings.keys.encryption_key, settings.keys.previous_encryption_key)


@contextlib.contextmanager
def _named() -> Iterator[None]:
    """Turn whatever the database says outside a migration into an ending with a code."""
    try:
        yield
    except waiting.NOT_YET as lost:
        raise DatabaseUnreachable(
            f"The connection was lost: {waiting.explain(lost)}.", "Run migrate again."
        ) from lost
    except asyncpg.PostgresError as failed:
        raise MigrationFailed(
            f"The database refused a statement: {waiting.explain(failed)}.",
            "Mend the cause, run migrate again.",
        ) from failed

"""The run of Alembic, in a thread of its own because it brings its own event loop."""

import asyncio
import logging

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError

from polyant_engine.core import authorities
from polyant_engine.installation import revisions
from polyant_engine.migrate import waiting
from polyant_engine.migrate.failures import DatabaseUnreachable, MigrationFailed
from polyant_engine.options import DatabaseSettings

LOCK_TRIES = 12
LOCK_PAUSE_SECONDS = 5.0

_log = logging.getLogger(__name__)


async def upgrade(database: DatabaseSettings) -> list[str]:
    """Bring the schema to the head and return the revisions that were applied."""
    applied: list[str] = []
    for left in reversed(range(LOCK_TRIES)):
        try:
            await asyncio.to_thread(_run, database, applied)
        except (DBAPIError, *waiting.NOT_YET, asyncpg.PostgresError) as failed:
            origin = _origin(failed)
            if not isinstance(origin, asyncpg.LockNotAvailableError) or left == 0:
                raise _failure(origin, applied) from failed
            _log.info("a table is in use, trying again", extra={"triesLeft": left})
            await asyncio.sleep(LOCK_PAUSE_SECONDS)
        else:
            return applied
    raise AssertionError("the last try returns or raises")


def _run(database: DatabaseSettings, applied: list[str]) -> None:
    config = Config()
    config.set_main_option("script_location", str(revisions.home()).replace("%", "%%"))
    config.attributes["dsn"] = database.dsn
    config.attributes["tls"] = authorities.of_database(database.dsn, database.extra_ca_file)
    config.attributes["on_applied"] = applied.append
    command.upgrade(config, "head")


def _origin(failed: BaseException) -> BaseException:
    """Unwrap what SQLAlchemy made of the driver's error."""
    origin = failed
    while isinstance(origin, DBAPIError) or not isinstance(
        origin, (asyncpg.PostgresError, *waiting.NOT_YET)
    ):
        inner = getattr(origin, "orig", None) or origin.__cause__
        if inner is None:
            break
        origin = inner
    return origin


def _failure(origin: BaseException, applied: list[str]) -> Exception:
    done = f" after {', '.join(applied)}" if applied else ""
    text = waiting.explain(origin) if isinstance(origin, Exception) else repr(origin)
    if isinstance(origin, waiting.NOT_YET):
        return DatabaseUnreachable(
            f"The connection was lost while migrating{done}: {text}.",
            "Nothing is half done: each migration is one transaction. Run migrate again.",
        )
    if isinstance(origin, asyncpg.LockNotAvailableError):
        return MigrationFailed(
            f"A table stayed in use for a minute{done}: {text}.",
            "End long transactions (SELECT * FROM pg_stat_activity ORDER BY xact_start), run again.",
        )
    return MigrationFailed(
        f"A migration failed{done}: {text}.",
        "Nothing of it is left: each migration is one transaction. Mend the cause, run migrate again.",
    )

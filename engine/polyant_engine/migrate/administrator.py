"""The first administrator: made once, when there is nobody else."""

import logging
import secrets
import sys

import asyncpg

from polyant_engine.accounts import postgres as accounts
from polyant_engine.accounts.model import FIRST_ADMIN_NAME, GENERATED_PASSWORD_BYTES, User
from polyant_engine.accounts.passwords import Passwords
from polyant_engine.core import ids
from polyant_engine.core.clock import Clock
from polyant_engine.core.permissions import Role
from polyant_engine.migrate.failures import InvalidConfiguration
from polyant_engine.options import AdminSettings

_log = logging.getLogger(__name__)


async def ensure(
    connection: asyncpg.Connection, wanted: AdminSettings, clock: Clock, *, in_kubernetes: bool
) -> bool:
    """Create the first administrator if there are no users at all; says whether it did."""
    if await accounts.has_users(connection):
        return False
    if wanted.password is None and in_kubernetes:
        raise InvalidConfiguration(
            "There is no user yet and INITIAL_ADMIN_PASSWORD is not set.",
            "Set INITIAL_ADMIN_PASSWORD from a Secret: in Kubernetes passwords are not printed.",
        )
    password = wanted.password or secrets.token_urlsafe(GENERATED_PASSWORD_BYTES)
    hashed = await Passwords().hash(password)
    async with connection.transaction():
        await accounts.create_user(connection, _administrator(wanted.email, clock), hashed)
    _log.info("created the first administrator", extra={"email": wanted.email})
    if wanted.password is None:
        _show(wanted.email, password)
    return True


def _administrator(email: str, clock: Clock) -> User:
    now = clock.now()
    return User(
        id=ids.new_id(),
        email=email,
        name=FIRST_ADMIN_NAME,
        role=Role.SUPERADMIN,
        must_change_password=True,
        created_at=now,
        updated_at=now,
    )


def _show(email: str, password: str) -> None:
    """Print the generated password, once; it is not in the logs as a field, nor anywhere else."""
    sys.stderr.write(
        "\n"
        "  First administrator (shown once, must be changed at the first sign-in):\n"
        f"    e-mail:   {email}\n"
        f"    password: {password}\n\n"
    )
    sys.stderr.flush()

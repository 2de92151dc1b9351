"""`polyant-engine reset-password`: for somebody who cannot sign in, by whoever may run the engine."""

import secrets

from polyant_engine.accounts import model, postgres
from polyant_engine.accounts.passwords import Passwords
from polyant_engine.core import database
from polyant_engine.core.database import Target


async def reset(target: Target, email: str) -> str | None:
    """Give an account a password for its next sign-in, end its sessions, and return the password.

    None: there is no such account. The password must be changed at once.
    """
    password = secrets.token_urlsafe(model.GENERATED_PASSWORD_BYTES)
    hashed = await Passwords().hash(password)
    async with database.opened(target, size=1) as pool, pool.transaction() as connection:
        found = await postgres.reset_password(connection, model.normal_email(email), hashed)
    return password if found else None

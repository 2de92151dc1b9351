"""Users, sessions and sign-in counters in PostgreSQL."""

import uuid
from datetime import timedelta

from polyant_engine.accounts import audit
from polyant_engine.accounts.audit import Entry
from polyant_engine.accounts.model import (
    SESSION_IDLE,
    SESSION_LIFETIME,
    Attempts,
    Credentials,
    NewSession,
    User,
)
from polyant_engine.core.database import Database, Executor, Record
from polyant_engine.core.permissions import Role
from polyant_engine.core.principals import UserSession
from polyant_engine.core.queries import load_queries

_queries = load_queries("polyant_engine.accounts")


class AccountStore:
    """Users and sessions; every change carries its audit entry in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def credentials(self, email: str) -> Credentials | None:
        """Find a person by e-mail address."""
        return _credentials(await self._database.fetchrow(_queries["credentials"], email))

    async def credentials_of(self, user_id: uuid.UUID) -> Credentials | None:
        """Find a person by id."""
        return _credentials(await self._database.fetchrow(_queries["credentials_of"], user_id))

    async def open_session(self, session: NewSession) -> None:
        """Store a session."""
        async with self._database.transaction() as connection:
            await connection.execute(_queries["forget_ended_sessions"], session.user_id)
            await connection.execute(
                _queries["open_session"],
                session.id,
                session.user_id,
                session.token_hash,
                session.client_address,
                SESSION_LIFETIME,
            )
            await _record(
                connection, "session.opened", session.user_id, session.id, session.client_address
            )

    async def session(self, token_hash: bytes) -> tuple[UserSession, User] | None:
        """Find a live session and its person."""
        row = await self._database.fetchrow(_queries["session"], token_hash, SESSION_IDLE)
        if row is None:
            return None
        if row["is_stale"]:
            await self._database.execute(_queries["touch_session"], row["session_id"])
        user = user_of(row)
        session = UserSession(
            session_id=row["session_id"],
            user_id=user.id,
            email=user.email,
            role=user.role,
            must_change_password=user.must_change_password,
        )
        return session, user

    async def close_session(self, token_hash: bytes, client_address: str) -> None:
        """Revoke a session, if it is there."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_queries["close_session"], token_hash)
            if row is not None:
                await _record(
                    connection, "session.closed", row["user_id"], row["id"], client_address
                )

    async def change_password(
        self, session: UserSession, password_hash: str, client_address: str
    ) -> None:
        """Store a password that its owner chose, and revoke the person's other sessions."""
        person = session.user_id
        async with self._database.transaction() as connection:
            await connection.execute(_queries["change_password"], person, password_hash)
            await connection.execute(_queries["close_other_sessions"], person, session.session_id)
            entry = Entry(
                action="password.changed",
                actor_id=person,
                object_kind="user",
                object_id=str(person),
                client_address=client_address,
            )
            await audit.record(connection, entry)

    async def renew_hash(self, user_id: uuid.UUID, old_hash: str, new_hash: str) -> None:
        """Store the same password under today's numbers, unless it was changed meanwhile."""
        await self._database.execute(_queries["renew_hash"], user_id, old_hash, new_hash)


class AttemptStore:
    """Exact counters of attempts."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def count(self, bucket: bytes, window: timedelta) -> Attempts:
        """Count one attempt and return all of the window."""
        row = await self._executor.fetchrow(_queries["count_attempt"], bucket, window)
        if row is None:
            raise LookupError("INSERT ... RETURNING always returns a row")
        return Attempts(count=row["attempts"], retry_after_seconds=row["retry_after_seconds"])

    async def clear(self, bucket: bytes, window: timedelta) -> None:
        """Forget a bucket, and those whose window is long over."""
        await self._executor.execute(_queries["clear_attempts"], bucket, window)


async def has_users(executor: Executor) -> bool:
    """Tell whether anybody can sign in already."""
    found: bool = await executor.fetchval(_queries["has_users"])
    return found


async def create_user(executor: Executor, user: User, password_hash: str) -> None:
    """Store a new person, with the audit entry; call it inside a transaction."""
    await executor.execute(
        _queries["create_user"],
        user.id,
        user.email,
        user.name,
        user.role.value,
        password_hash,
        user.must_change_password,
    )
    entry = Entry(action="user.created", actor_id=None, object_kind="user", object_id=str(user.id))
    await audit.record(executor, entry)


async def reset_password(executor: Executor, email: str, password_hash: str) -> bool:
    """Store a password for one sign-in and revoke all sessions; call it inside a transaction."""
    person = await executor.fetchval(_queries["reset_password"], email, password_hash)
    if person is None:
        return False
    await executor.execute(_queries["close_sessions"], person)
    entry = Entry(action="password.reset", actor_id=None, object_kind="user", object_id=str(person))
    await audit.record(executor, entry)
    return True


async def _record(
    executor: Executor, action: str, person: uuid.UUID, session: uuid.UUID, client_address: str
) -> None:
    entry = Entry(
        action=action,
        actor_id=person,
        object_kind="session",
        object_id=str(session),
        client_address=client_address,
    )
    await audit.record(executor, entry)


def _credentials(row: Record | None) -> Credentials | None:
    if row is None:
        return None
    return Credentials(user=user_of(row), password_hash=row["password_hash"])


def user_of(row: Record) -> User:
    """Read a person from a row with the columns of `credentials`."""
    return User(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        role=Role(row["role"]),
        must_change_password=row["must_change_password"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )

"""Accounts at identity providers in PostgreSQL; each change carries its audit entry."""

from polyant_engine.accounts import audit, model
from polyant_engine.accounts.audit import Entry
from polyant_engine.accounts.identities import Identity, Refusal
from polyant_engine.accounts.model import User
from polyant_engine.accounts.postgres import user_of
from polyant_engine.core.database import Database, Executor
from polyant_engine.core.queries import load_queries

_queries = load_queries("polyant_engine.accounts")


class PostgresIdentityStore:
    """Which account at a provider belongs to which person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def person(self, identity: Identity) -> User | None:
        """Find the person of a subject."""
        query = _queries["person_of_identity"]
        row = await self._database.fetchrow(query, identity.provider.value, identity.subject)
        return user_of(row) if row is not None else None

    async def link(self, identity: Identity, client_address: str) -> User | Refusal:
        """Give the subject to the person of its address; atomic, with its audit entry."""
        email = model.normal_email(identity.email)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_queries["credentials"], email)
            if row is None:
                return Refusal.UNKNOWN
            user = user_of(row)
            try:
                await _insert(connection, identity, user)
            except _Taken:
                return Refusal.LINKED
            await _record(connection, "identity.linked", user, identity, client_address)
        return user

    async def join(
        self, identity: Identity, user: User, password_hash: str, client_address: str
    ) -> bool:
        """Store a new person with the subject; False when either was taken meanwhile."""
        try:
            async with self._database.transaction() as connection:
                await _insert_user(connection, user, password_hash)
                await _insert(connection, identity, user)
                await _record(connection, "user.joined", user, identity, client_address)
        except _Taken:
            return False
        return True


class _Taken(Exception):
    """Somebody else was faster; undoes the transaction."""


async def _insert_user(executor: Executor, user: User, password_hash: str) -> None:
    made = await executor.fetchrow(
        _queries["join_user"],
        user.id,
        user.email,
        user.name,
        user.role.value,
        password_hash,
        user.must_change_password,
    )
    if made is None:
        raise _Taken


async def _insert(executor: Executor, identity: Identity, user: User) -> None:
    values = (identity.provider.value, identity.subject, user.id)
    if await executor.fetchrow(_queries["link_identity"], *values) is None:
        raise _Taken


async def _record(
    executor: Executor, action: str, user: User, identity: Identity, client_address: str
) -> None:
    entry = Entry(
        action=action,
        actor_id=user.id,
        object_kind="user",
        object_id=str(user.id),
        client_address=client_address,
        details={"provider": identity.provider.value},
    )
    await audit.record(executor, entry)

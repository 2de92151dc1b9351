"""Accounts at providers on a real PostgreSQL: linked once, whatever happens at the same time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from polyant_engine.accounts.identities import Identities, Identity, Provider, Refusal
from polyant_engine.accounts.identity_store import PostgresIdentityStore
from polyant_engine.accounts.limits import SignInLimits
from polyant_engine.accounts.passwords import Passwords
from polyant_engine.accounts.postgres import AccountStore, AttemptStore
from polyant_engine.accounts.service import Accounts, SignedIn
from polyant_engine.core import database
from polyant_engine.core.clock import SystemClock
from polyant_engine.core.database import Database
from polyant_engine.core.hashing import TokenHasher
from support.postgres import ADMIN_EMAIL, Server

pytestmark = pytest.mark.integration

ADMIN = Identity(
    provider=Provider.GOOGLE, subject="g-1", email=ADMIN_EMAIL, name="Root", may_join=False
)
NEWCOMER = replace(ADMIN, subject="g-2", email="new@example.com", name="New", may_join=True)


@pytest.fixture
async def pool(server: Server, migrated: str) -> AsyncIterator[Database]:
    async with database.opened(database.Target(dsn=server.url(migrated)), size=8) as opened:
        yield opened


def identities(pool: Database) -> Identities:
    clock, hasher, passwords = SystemClock(), TokenHasher("s" * 32), Passwords()
    limits = SignInLimits(AttemptStore(pool), hasher, clock)
    accounts = Accounts(AccountStore(pool), passwords, limits, hasher)
    return Identities(PostgresIdentityStore(pool), accounts, passwords, clock)


async def test_the_first_sign_in_links_with_an_audit_entry(pool: Database) -> None:
    found = await identities(pool).sign_in(ADMIN, "203.0.113.5")
    again = await identities(pool).sign_in(replace(ADMIN, email="other@example.com"), "")

    assert isinstance(found, SignedIn)
    assert isinstance(again, SignedIn)
    assert again.user.id == found.user.id
    query = "SELECT array_agg(action ORDER BY id) FROM audit_log WHERE actor_id = $1"
    opened = ["identity.linked", "session.opened", "session.opened"]
    assert await pool.fetchval(query, found.user.id) == opened


async def test_a_stranger_and_a_second_account_of_one_address_are_refused(pool: Database) -> None:
    assert await identities(pool).sign_in(replace(NEWCOMER, may_join=False), "") is Refusal.UNKNOWN
    await identities(pool).sign_in(ADMIN, "")
    assert await identities(pool).sign_in(replace(ADMIN, subject="g-3"), "") is Refusal.LINKED


async def test_eight_windows_at_once_make_one_person(pool: Database) -> None:
    door = identities(pool)

    found = await asyncio.gather(*(door.sign_in(NEWCOMER, "") for _ in range(8)))

    people = {each.user.id for each in found if isinstance(each, SignedIn)}
    assert len(people) == 1
    assert all(isinstance(each, SignedIn) for each in found)
    assert await pool.fetchval("SELECT count(*) FROM users WHERE email = 'new@example.com'") == 1


async def test_who_joined_by_a_provider_has_no_usable_password(pool: Database) -> None:
    await identities(pool).sign_in(NEWCOMER, "")

    query = "SELECT password_hash FROM users WHERE email = 'new@example.com'"
    stored = await pool.fetchval(query)

    assert str(stored).startswith("$argon2id$")
    assert not await Passwords().verify(stored, "")

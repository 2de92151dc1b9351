"""Who comes in by a provider: known subjects, people an administrator made, and who may join."""

import uuid
from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from polyant_engine.accounts.identities import Identities, Identity, Provider, Refusal
from polyant_engine.accounts.model import User
from polyant_engine.accounts.passwords import Passwords
from polyant_engine.accounts.service import SignedIn
from polyant_engine.core.permissions import Role
from support.clock import FrozenClock

QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
ADDRESS = "192.0.2.1"
ADA = Identity(
    provider=Provider.GOOGLE, subject="g-1", email="Ada@Example.com", name="Ada", may_join=False
)


class Door:
    """Opens sessions and remembers for whom."""

    async def open(self, user: User, client_address: str) -> SignedIn:
        return SignedIn(user=user, token=f"ps_{user.email}_{client_address}")


class Memory:
    """People by address, subjects by person."""

    def __init__(self, *people: User) -> None:
        self.people = {user.email: user for user in people}
        self.subjects: dict[str, str] = {}

    async def person(self, identity: Identity) -> User | None:
        email = self.subjects.get(identity.subject)
        return self.people[email] if email else None

    async def link(self, identity: Identity, client_address: str) -> User | Refusal:
        del client_address
        email = identity.email.lower()
        if email not in self.people:
            return Refusal.UNKNOWN
        if email in self.subjects.values():
            return Refusal.LINKED
        self.subjects[identity.subject] = email
        return self.people[email]

    async def join(
        self, identity: Identity, user: User, password_hash: str, client_address: str
    ) -> bool:
        del client_address
        assert password_hash.startswith("$argon2id$")
        self.people[user.email] = user
        self.subjects[identity.subject] = user.email
        return True


def person(email: str, role: Role = Role.EDITOR) -> User:
    now = FrozenClock().now()
    return User(
        id=uuid.uuid4(),
        email=email,
        name="Ada",
        role=role,
        must_change_password=False,
        created_at=now,
        updated_at=now,
    )


def identities(store: Memory) -> Identities:
    return Identities(store, Door(), QUICK, FrozenClock())  # type: ignore[arg-type]  # only `open` is used


async def test_whom_an_administrator_made_comes_in_by_address_and_then_by_subject() -> None:
    store = Memory(person("ada@example.com"))
    found = await identities(store).sign_in(ADA, ADDRESS)
    assert isinstance(found, SignedIn)
    renamed = replace(ADA, email="ada.lovelace@example.com")

    again = await identities(store).sign_in(renamed, ADDRESS)

    assert isinstance(again, SignedIn)
    assert again.user == found.user


async def test_a_stranger_stays_outside() -> None:
    store = Memory()

    assert await identities(store).sign_in(ADA, ADDRESS) is Refusal.UNKNOWN
    assert not store.people


async def test_an_address_given_to_somebody_else_does_not_bring_the_old_account() -> None:
    store = Memory(person("ada@example.com"))
    await identities(store).sign_in(ADA, ADDRESS)

    found = await identities(store).sign_in(replace(ADA, subject="g-2"), ADDRESS)

    assert found is Refusal.LINKED


async def test_who_may_join_becomes_a_viewer_with_a_normal_address() -> None:
    found = await identities(Memory()).sign_in(replace(ADA, may_join=True), ADDRESS)

    assert isinstance(found, SignedIn)
    assert (found.user.role, found.user.email) == (Role.VIEWER, "ada@example.com")


@pytest.mark.parametrize(("given", "kept"), [("  ", "ada@example.com"), ("A" * 500, "A" * 200)])
async def test_a_name_fits_whatever_the_provider_says(given: str, kept: str) -> None:
    newcomer = replace(ADA, may_join=True, name=given)

    found = await identities(Memory()).sign_in(newcomer, ADDRESS)

    assert isinstance(found, SignedIn)
    assert found.user.name == kept

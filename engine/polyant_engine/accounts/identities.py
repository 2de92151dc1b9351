"""Signing in by an identity provider: who comes in, decided here; the proof is the panel's.

The panel has verified an ID token and says who it is about. A known subject is let in. An unknown
one is linked to the person of its e-mail address, if there is one without another account at that
provider: addresses are given to new people, and the old one's data must not come with it. Nobody
else comes in, unless the panel says that the account may join, which its list of domains decides.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from polyant_engine.accounts import model
from polyant_engine.accounts.model import User
from polyant_engine.accounts.passwords import Passwords
from polyant_engine.accounts.service import Accounts, SignedIn
from polyant_engine.core import ids
from polyant_engine.core.clock import Clock
from polyant_engine.core.permissions import Role

_log = logging.getLogger(__name__)


class Provider(StrEnum):
    """Who vouches for people."""

    GOOGLE = "google"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """One account at a provider; the address was verified by the provider."""

    provider: Provider
    subject: str  # never given to anybody else
    email: str
    name: str
    may_join: bool  # may come in without an administrator having made the person


class Refusal(StrEnum):
    """Why somebody who is who they say does not come in."""

    UNKNOWN = "unknown_person"
    LINKED = "linked_to_another_account"


class IdentityStore(Protocol):
    """Keeps which account belongs to which person."""

    async def person(self, identity: Identity) -> User | None:
        """Find the person of a subject."""
        ...

    async def link(self, identity: Identity, client_address: str) -> User | Refusal:
        """Give the subject to the person of its address; atomic, with its audit entry."""
        ...

    async def join(
        self, identity: Identity, user: User, password_hash: str, client_address: str
    ) -> bool:
        """Store a new person with the subject; False when either was taken meanwhile."""
        ...


class Identities:
    """Lets people in whom a provider vouches for."""

    def __init__(
        self, store: IdentityStore, accounts: Accounts, passwords: Passwords, clock: Clock
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock

    async def sign_in(self, identity: Identity, client_address: str) -> SignedIn | Refusal:
        """Open a session for the person of an identity, or say why not."""
        found = await self._find(identity, client_address)
        if isinstance(found, User):
            return await self._accounts.open(found, client_address)
        _log.warning(
            "sign-in refused", extra={"reason": found.value, "clientAddress": client_address}
        )
        return found

    async def _find(self, identity: Identity, client_address: str) -> User | Refusal:
        if known := await self._store.person(identity):
            return known
        linked = await self._store.link(identity, client_address)
        if linked is Refusal.UNKNOWN and identity.may_join:
            linked = await self._join(identity, client_address)
        if isinstance(linked, User):
            return linked
        # The same person may have come in by another window a moment ago.
        return await self._store.person(identity) or linked

    async def _join(self, identity: Identity, client_address: str) -> User | Refusal:
        user = _newcomer(identity, self._clock.now())
        # Nobody knows it: the person comes in by the provider, until an administrator sets another.
        hashed = await self._passwords.hash(secrets.token_urlsafe(ids.TOKEN_BYTES))
        if await self._store.join(identity, user, hashed, client_address):
            return user
        return await self._store.link(identity, client_address)


def _newcomer(identity: Identity, now: datetime) -> User:
    email = model.normal_email(identity.email)
    return User(
        id=ids.new_id(),
        email=email,
        name=identity.name.strip()[:200] or email,
        role=Role.VIEWER,
        must_change_password=False,
        created_at=now,
        updated_at=now,
    )

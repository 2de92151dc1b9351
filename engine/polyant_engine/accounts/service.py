"""Signing in, staying signed in, signing out, changing the password."""

import logging
from dataclasses import dataclass, field

from polyant_engine.accounts import model
from polyant_engine.accounts.limits import SignInLimits
from polyant_engine.accounts.model import Credentials, NewSession, PasswordRefused, User
from polyant_engine.accounts.passwords import Passwords
from polyant_engine.accounts.ports import Store
from polyant_engine.core import errors, ids
from polyant_engine.core.hashing import TokenHasher
from polyant_engine.core.principals import UserSession

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """A person who proved who they are, and the token of their new session."""

    user: User
    token: str = field(repr=False)


class Accounts:
    """Knows people and their sessions; the `Authenticator` of every route."""

    def __init__(
        self, store: Store, passwords: Passwords, limits: SignInLimits, hasher: TokenHasher
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._limits = limits
        self._hasher = hasher

    async def sign_in(self, email: str, password: str, client_address: str) -> SignedIn | None:
        """Open a session for the right password; nothing tells a wrong one from an unknown person."""
        account = model.normal_email(email)
        await self._limits.take(client_address, account)
        found = await self._store.credentials(account)
        stored = found.password_hash if found is not None else None
        is_right = await self._passwords.verify(stored, password)
        if found is None or not is_right:
            _log.warning("sign-in refused", extra={"clientAddress": client_address})
            return None
        await self._limits.clear(client_address, account)
        await self._keep_hash_current(found, password)
        return await self.open(found.user, client_address)

    async def open(self, user: User, client_address: str) -> SignedIn:
        """Open a session for a person who has proved who they are."""
        token = ids.new_token(ids.SESSION_PREFIX)
        session = NewSession(
            id=ids.new_id(),
            user_id=user.id,
            token_hash=self._hasher.digest(token),
            client_address=client_address,
        )
        await self._store.open_session(session)
        return SignedIn(user=user, token=token)

    async def session(self, token: str) -> UserSession | None:
        """Return the live session of a token."""
        found = await self._store.session(self._hasher.digest(token))
        return found[0] if found is not None else None

    async def user_of(self, token: str) -> User | None:
        """Return the person behind a live session."""
        found = await self._store.session(self._hasher.digest(token))
        return found[1] if found is not None else None

    async def sign_out(self, token: str, client_address: str) -> None:
        """Revoke a session; a token that means nothing is signed out already."""
        await self._store.close_session(self._hasher.digest(token), client_address)

    async def me(self, session: UserSession) -> User:
        """Return the person of a session."""
        return (await self._credentials_of(session)).user

    async def change_password(
        self, session: UserSession, current: str | None, new: str, client_address: str
    ) -> None:
        """Store a new password; the old one must be known unless it was given by somebody else."""
        model.check_new_password(new)
        found = await self._credentials_of(session)
        await self._limits.take(client_address, f"password\x00{session.user_id}")
        if not session.must_change_password:
            await self._check_current(found, current)
        if await self._passwords.verify(found.password_hash, new):
            raise PasswordRefused(
                "The new password must differ from the current one.",
                param="newPassword",
                code="password_unchanged",
            )
        hashed = await self._passwords.hash(new)
        await self._store.change_password(session, hashed, client_address)

    async def _check_current(self, found: Credentials, current: str | None) -> None:
        if current is None:
            raise PasswordRefused("currentPassword is missing.", param="currentPassword")
        if not await self._passwords.verify(found.password_hash, current):
            raise PasswordRefused(
                "The current password is wrong.", param="currentPassword", code="password_wrong"
            )

    async def _credentials_of(self, session: UserSession) -> Credentials:
        found = await self._store.credentials_of(session.user_id)
        if found is None:
            raise errors.Unauthenticated("Invalid or expired session.")
        return found

    async def _keep_hash_current(self, found: Credentials, password: str) -> None:
        if self._passwords.is_outdated(found.password_hash):
            renewed = await self._passwords.hash(password)
            await self._store.renew_hash(found.user.id, found.password_hash, renewed)

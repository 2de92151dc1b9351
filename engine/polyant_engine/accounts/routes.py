"""Sign-in for the panel (internal) and the own account (public)."""

from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from polyant_engine.accounts.identities import Identities, Identity, Provider, Refusal
from polyant_engine.accounts.model import MAX_PASSWORD
from polyant_engine.accounts.service import Accounts
from polyant_engine.core import errors
from polyant_engine.core.calls import Call
from polyant_engine.core.hashing import TokenHasher
from polyant_engine.core.permissions import Permission
from polyant_engine.core.principals import Bearer
from polyant_engine.core.routing import Endpoint, internal, needs

SMALL_BODY = 16 * 1024


class Attempt(BaseModel):
    """What the panel asks to verify."""

    model_config = ConfigDict(strict=True)

    email: str = Field(min_length=1, max_length=254)
    password: str = Field(min_length=1, max_length=MAX_PASSWORD)


class PasswordChange(BaseModel):
    """What a person sends to change the password."""

    model_config = ConfigDict(strict=True)

    currentPassword: str | None = Field(default=None, max_length=MAX_PASSWORD)  # noqa: N815  a name of the wire
    newPassword: str  # noqa: N815  a name of the wire


class Proof(BaseModel):
    """Whom a provider vouches for, as the panel has verified it."""

    model_config = ConfigDict(strict=True)

    provider: Literal["google"]
    subject: str = Field(min_length=1, max_length=255)
    email: str = Field(min_length=1, max_length=254)
    name: str = Field(max_length=1000)
    mayJoin: bool  # noqa: N815  a name of the wire


class AccountRoutes:
    """The handlers; the rules are in the services."""

    def __init__(self, accounts: Accounts, identities: Identities, hasher: TokenHasher) -> None:
        self._accounts = accounts
        self._identities = identities
        self._hasher = hasher

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return what this feature serves."""
        own = needs(Permission.ACCOUNT_OWN)
        first = needs(Permission.ACCOUNT_OWN, before_password_change=True)
        session = "/api/auth/session"
        verify = "/api/auth/credentials/verify"
        return (
            Endpoint("POST", verify, self.verify, internal(), SMALL_BODY),
            Endpoint("POST", "/api/auth/identities", self.vouch, internal(), SMALL_BODY),
            Endpoint("GET", session, self.show_session, internal()),
            Endpoint("DELETE", session, self.sign_out, internal()),
            Endpoint("GET", "/api/auth/fingerprint", self.fingerprint, internal()),
            Endpoint("GET", "/api/me", self.me, own),
            Endpoint("POST", "/api/me/password", self.change_password, first, SMALL_BODY),
        )

    async def verify(self, call: Call) -> Response:
        """Verify an e-mail address and a password."""
        attempt = await call.model(Attempt)
        found = await self._accounts.sign_in(attempt.email, attempt.password, call.client_address)
        if found is None:
            return _json({"user": None}, 201)
        return _json({"user": found.user.wire(), "sessionToken": found.token}, 201)

    async def vouch(self, call: Call) -> Response:
        """Let in whom a provider vouches for."""
        proof = await call.model(Proof)
        identity = Identity(
            provider=Provider(proof.provider),
            subject=proof.subject,
            email=proof.email,
            name=proof.name,
            may_join=proof.mayJoin,
        )
        found = await self._identities.sign_in(identity, call.client_address)
        if isinstance(found, Refusal):
            return _json({"user": None, "reason": found.value}, 201)
        return _json({"user": found.user.wire(), "sessionToken": found.token}, 201)

    async def show_session(self, call: Call) -> Response:
        """Show whose session a token is."""
        user = await self._accounts.user_of(_token(call))
        if user is None:
            raise errors.Unauthenticated("Invalid or expired session.")
        return _json({"user": user.wire()})

    async def sign_out(self, call: Call) -> Response:
        """End a session."""
        await self._accounts.sign_out(_token(call), call.client_address)
        return Response(status_code=204)

    async def fingerprint(self, _: Call) -> Response:
        """Show what tells the panel that both share AUTH_SECRET."""
        return _json({"authSecret": self._hasher.fingerprint()})

    async def me(self, call: Call) -> Response:
        """Show the caller."""
        return _json({"user": (await self._accounts.me(call.session)).wire()})

    async def change_password(self, call: Call) -> Response:
        """Change the caller's password."""
        wanted = await call.model(PasswordChange)
        await self._accounts.change_password(
            call.session, wanted.currentPassword, wanted.newPassword, call.client_address
        )
        return _json({"ok": True})


def _token(call: Call) -> str:
    if not isinstance(call.principal, Bearer):
        raise errors.Unauthenticated("Missing authentication: send Authorization: Bearer.")
    return call.principal.token


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")

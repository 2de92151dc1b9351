"""Who a bearer is: a person with the right to chat, a key to be checked, or anybody."""

import uuid
from typing import Any

import pytest

from polyant_engine.completions.routes import CHAT, Callers
from polyant_engine.conversations.errors import CallerUnknown
from polyant_engine.conversations.model import Caller
from polyant_engine.core.errors import Forbidden, PasswordChangeRequired
from polyant_engine.core.hashing import TokenHasher
from polyant_engine.core.permissions import Role
from polyant_engine.core.principals import Anonymous, Bearer, Principal, UserSession

HASHER = TokenHasher("s" * 32)
USER = uuid.UUID(int=7)


class Sessions:
    """Knows one session."""

    def __init__(self, role: Role = Role.EDITOR, *, must_change_password: bool = False) -> None:
        self.session_ = UserSession(
            session_id=USER,
            user_id=USER,
            email="a@b",
            role=role,
            must_change_password=must_change_password,
        )

    async def session(self, token: str) -> UserSession | None:
        return self.session_ if token == "ps_known" else None


class GivenCall:
    """A call of which only the principal is read."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal


async def identify(principal: Principal, sessions: Sessions | None = None) -> Caller:
    call: Any = GivenCall(principal)
    return await Callers(sessions or Sessions(), HASHER).identify(call, CHAT)


async def test_nobody_and_any_other_word_are_anonymous() -> None:
    assert await identify(Anonymous()) == Caller()
    assert await identify(Bearer(token="sk-whatever")) == Caller()


async def test_a_key_is_hashed_and_not_looked_up() -> None:
    assert await identify(Bearer(token="pk_x")) == Caller(key_hash=HASHER.digest("pk_x"))


async def test_a_person_is_known_by_the_session() -> None:
    assert await identify(Bearer(token="ps_known")) == Caller(user_id=USER)


async def test_a_session_that_does_not_count_is_refused() -> None:
    with pytest.raises(CallerUnknown):
        await identify(Bearer(token="ps_unknown"))


async def test_a_viewer_may_not_spend_money() -> None:
    with pytest.raises(Forbidden, match="chat"):
        await identify(Bearer(token="ps_known"), Sessions(Role.VIEWER))


async def test_a_first_password_opens_nothing() -> None:
    with pytest.raises(PasswordChangeRequired):
        await identify(Bearer(token="ps_known"), Sessions(must_change_password=True))

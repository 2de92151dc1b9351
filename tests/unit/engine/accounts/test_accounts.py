import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from typing_extensions import override

from polyant_engine.accounts import limits
from polyant_engine.accounts.limits import PER_ACCOUNT, LocalCounter, SignInLimits, TooManyAttempts
from polyant_engine.accounts.model import Attempts, Credentials, NewSession, PasswordRefused, User
from polyant_engine.accounts.passwords import MEMORY_KIB, PASSES, Passwords
from polyant_engine.accounts.service import Accounts
from polyant_engine.core import errors
from polyant_engine.core.hashing import TokenHasher
from polyant_engine.core.permissions import Role
from polyant_engine.core.principals import UserSession
from support.clock import FrozenClock

ADDRESS = "192.0.2.1"
EMAIL, PASSWORD = "ada@example.com", "correct horse"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryStore:
    """Users and sessions in memory."""

    def __init__(self, password_hash: str, *, must_change: bool = False) -> None:
        self.user = User(
            id=uuid.UUID(int=7),
            email=EMAIL,
            name="Ada",
            role=Role.EDITOR,
            must_change_password=must_change,
            created_at=LONG_AGO,
            updated_at=LONG_AGO,
        )
        self.password_hash = password_hash
        self.sessions: dict[bytes, NewSession] = {}

    async def credentials(self, email: str) -> Credentials | None:
        known = email == self.user.email
        return Credentials(user=self.user, password_hash=self.password_hash) if known else None

    async def credentials_of(self, user_id: uuid.UUID) -> Credentials | None:
        assert user_id == self.user.id
        return await self.credentials(EMAIL)

    async def open_session(self, session: NewSession) -> None:
        self.sessions[session.token_hash] = session

    async def session(self, token_hash: bytes) -> tuple[UserSession, User] | None:
        found = self.sessions.get(token_hash)
        return (self.session_of(found.id), self.user) if found else None

    def session_of(self, session_id: uuid.UUID) -> UserSession:
        return UserSession(
            session_id=session_id,
            user_id=self.user.id,
            email=self.user.email,
            role=self.user.role,
            must_change_password=self.user.must_change_password,
        )

    async def close_session(self, token_hash: bytes, client_address: str) -> None:
        del client_address
        self.sessions.pop(token_hash, None)

    async def change_password(
        self, session: UserSession, password_hash: str, client_address: str
    ) -> None:
        del client_address
        self.password_hash = password_hash
        self.user = replace(self.user, must_change_password=False)
        kept = {k: v for k, v in self.sessions.items() if v.id == session.session_id}
        self.sessions = kept

    async def renew_hash(self, user_id: uuid.UUID, old_hash: str, new_hash: str) -> None:
        assert (user_id, old_hash) == (self.user.id, self.password_hash)
        self.password_hash = new_hash


class MemoryCounter(LocalCounter):
    """An exact counter, or one whose database is down."""

    is_down = False

    @override
    async def count(self, bucket: bytes, window: timedelta) -> Attempts:
        if self.is_down:
            raise errors.DatabaseUnavailable
        return await super().count(bucket, window)

    async def clear(self, bucket: bytes, window: timedelta) -> None:
        del window
        self._buckets.pop(bucket, None)


class World:
    """Accounts over memory, and everything a test turns."""

    def __init__(self, *, must_change: bool = False) -> None:
        self.clock = FrozenClock()
        self.store = MemoryStore(QUICK.hash(PASSWORD), must_change=must_change)
        self.counter = MemoryCounter(self.clock)
        hasher = TokenHasher("s" * 32)
        taken = SignInLimits(self.counter, hasher, self.clock)
        self.accounts = Accounts(self.store, Passwords(QUICK), taken, hasher)

    async def token(self) -> str:
        found = await self.accounts.sign_in(EMAIL, PASSWORD, ADDRESS)
        assert found is not None
        return found.token

    async def session(self) -> UserSession:
        found = await self.accounts.session(await self.token())
        assert found is not None
        return found


async def test_the_right_password_opens_a_session() -> None:
    world = World()

    found = await world.accounts.session(await world.token())

    assert found is not None
    assert found.user_id == world.store.user.id


async def test_an_address_is_the_same_in_any_case() -> None:
    assert await World().accounts.sign_in("  ADA@Example.com ", PASSWORD, ADDRESS) is not None


async def test_only_the_hash_of_a_token_is_stored() -> None:
    world = World()

    token = await world.token()

    assert token.encode() not in b"".join(world.store.sessions)


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "wrong"), ("eve@example.com", PASSWORD)])
async def test_nothing_tells_a_wrong_password_from_an_unknown_person(
    email: str, password: str
) -> None:
    assert await World().accounts.sign_in(email, password, ADDRESS) is None


async def test_a_session_ends_at_once_when_it_is_closed() -> None:
    world = World()
    token = await world.token()

    await world.accounts.sign_out(token, ADDRESS)

    assert await world.accounts.session(token) is None


async def test_attempts_are_limited_before_the_password_is_looked_at() -> None:
    world = World()
    for _ in range(PER_ACCOUNT):
        await world.accounts.sign_in(EMAIL, "wrong", ADDRESS)

    with pytest.raises(TooManyAttempts) as caught:
        await world.accounts.sign_in(EMAIL, PASSWORD, ADDRESS)

    assert int(caught.value.headers["retry-after"]) > 0


async def test_nobody_is_locked_out_by_somebody_else() -> None:
    world = World()
    for _ in range(PER_ACCOUNT):
        await world.accounts.sign_in(EMAIL, "wrong", "198.51.100.66")

    assert await world.accounts.sign_in(EMAIL, PASSWORD, ADDRESS) is not None


async def test_the_limit_ends_with_its_window() -> None:
    world = World()
    for _ in range(PER_ACCOUNT):
        await world.accounts.sign_in(EMAIL, "wrong", ADDRESS)

    world.clock.advance(301)

    assert await world.accounts.sign_in(EMAIL, PASSWORD, ADDRESS) is not None


async def test_a_success_clears_the_count() -> None:
    world = World()
    for _ in range(3 * PER_ACCOUNT):
        assert await world.accounts.sign_in(EMAIL, PASSWORD, ADDRESS) is not None


async def test_without_the_counters_of_the_database_this_process_counts() -> None:
    world = World()
    world.counter.is_down = True
    for _ in range(PER_ACCOUNT):
        await world.accounts.sign_in(EMAIL, "wrong", ADDRESS)

    with pytest.raises(TooManyAttempts):
        await world.accounts.sign_in(EMAIL, PASSWORD, ADDRESS)


async def test_a_password_of_old_numbers_is_hashed_anew() -> None:
    world = World()
    world.store.password_hash = PasswordHasher(1, 16, 1).hash(PASSWORD)

    await world.token()

    assert not QUICK.check_needs_rehash(world.store.password_hash)


async def test_a_changed_password_ends_the_other_sessions() -> None:
    world = World()
    session, other = await world.session(), await world.token()

    await world.accounts.change_password(session, PASSWORD, "new password", ADDRESS)

    assert await world.accounts.session(other) is None
    assert await world.accounts.sign_in(EMAIL, "new password", ADDRESS) is not None


@pytest.mark.parametrize(
    ("current", "new", "code"),
    [
        (PASSWORD, "short", "password_length"),
        (PASSWORD, "x" * 1025, "password_length"),
        (PASSWORD, PASSWORD, "password_unchanged"),
        ("wrong one", "new password", "password_wrong"),
        (None, "new password", None),
    ],
)
async def test_a_bad_change_is_refused(current: str | None, new: str, code: str | None) -> None:
    world = World()
    session = await world.session()

    with pytest.raises(PasswordRefused) as caught:
        await world.accounts.change_password(session, current, new, ADDRESS)

    assert caught.value.code == code


async def test_a_first_password_is_changed_without_naming_it() -> None:
    world = World(must_change=True)

    await world.accounts.change_password(await world.session(), None, "new password", ADDRESS)

    assert not world.store.user.must_change_password


async def test_a_first_password_must_differ_too() -> None:
    world = World(must_change=True)

    with pytest.raises(PasswordRefused):
        await world.accounts.change_password(await world.session(), None, PASSWORD, ADDRESS)


async def test_guessing_the_current_password_is_limited() -> None:
    world = World()
    session = await world.session()
    for _ in range(PER_ACCOUNT):
        with pytest.raises(PasswordRefused):
            await world.accounts.change_password(session, "wrong one", "new password", ADDRESS)

    with pytest.raises(TooManyAttempts):
        await world.accounts.change_password(session, PASSWORD, "new password", ADDRESS)


async def test_an_unknown_person_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)

    async def fastest(known: str | None) -> float:
        taken = []
        for _ in range(3):
            started = time.perf_counter()
            await passwords.verify(known, "wrong")
            taken.append(time.perf_counter() - started)
        return min(taken)

    known, unknown = await fastest(stored), await fastest(None)

    assert known / 4 < unknown < known * 4


def test_hashes_use_the_numbers_of_owasp() -> None:
    assert (MEMORY_KIB, PASSES) == (19456, 2)


def test_the_fingerprint_is_the_one_that_the_panel_computes() -> None:
    assert TokenHasher("s" * 32).fingerprint() == "31eff3e6a3e4c2a0"


async def test_the_memory_of_attempts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_LOCAL_BUCKETS", 3)
    counter = LocalCounter(FrozenClock())

    for number in range(10):
        await counter.count(bytes([number]), limits.WINDOW)

    assert len(counter._buckets) == 3

"""People over real HTTP: sessions that end at once, limits that hold over replicas."""

import concurrent.futures
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyant_engine.accounts.limits import PER_ACCOUNT
from support import engine_process, postgres
from support.engine_process import Answer, Engine
from support.postgres import Server

pytestmark = pytest.mark.integration

NEW_PASSWORD = "second-password"


@pytest.fixture
def pair(server: Server, migrated: str, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Two replicas on one database of their own."""
    url = server.url(migrated)
    with (
        engine_process.running(url, tmp_path) as first,
        engine_process.running(url, tmp_path) as second,
    ):
        yield first.wait_ready(), second.wait_ready()


def bearer(answer: Answer) -> dict[str, str]:
    return {"authorization": f"Bearer {answer.json()['sessionToken']}"}


def change(engine: Engine, session: dict[str, str], **body: str) -> Answer:
    return engine.ask("POST", "/api/me/password", body, headers=session)


def test_from_the_first_sign_in_to_the_last_sign_out(
    server: Server, migrated: str, pair: tuple[Engine, Engine]
) -> None:
    first, second = pair
    answer = first.sign_in(x_client_address="203.0.113.5")
    session = bearer(answer)
    assert answer.status == 201
    assert answer.json()["user"]["mustChangePassword"] is True

    refused = second.ask("GET", "/api/instances", headers=session)
    assert (refused.status, refused.json()["code"]) == (403, "password_change_required")
    assert change(second, session, newPassword="short").status == 400
    assert change(second, session, newPassword=NEW_PASSWORD).json() == {"ok": True}

    me = second.ask("GET", "/api/me", headers=session).json()["user"]
    assert (me["email"], me["role"]) == (postgres.ADMIN_EMAIL, "superadmin")
    assert me["mustChangePassword"] is False

    path, internal = "/api/auth/session", {**session, **first.secret}
    shown = first.ask("GET", path, port=first.internal, headers=internal)
    assert shown.json()["user"] == me
    assert first.ask("DELETE", path, port=first.internal, headers=internal).status == 204
    assert second.ask("GET", "/api/me", headers=session).status == 401
    assert first.ask("GET", path, port=first.internal, headers=internal).status == 401

    assert first.sign_in().json() == {"user": None}
    query = "SELECT array_agg(action ORDER BY id) FROM audit_log WHERE actor_id IS NOT NULL"
    actions = server.value(query, migrated)
    assert actions == ["session.opened", "password.changed", "session.closed"]
    query = "SELECT client_address FROM audit_log WHERE action = 'session.opened'"
    assert server.value(query, migrated) == "203.0.113.5"


def test_a_changed_password_ends_other_sessions_on_every_replica(
    pair: tuple[Engine, Engine],
) -> None:
    first, second = pair
    mine, other = bearer(first.sign_in()), bearer(second.sign_in())

    change(first, mine, newPassword=NEW_PASSWORD)

    assert second.ask("GET", "/api/me", headers=other).status == 401
    assert second.ask("GET", "/api/me", headers=mine).status == 200


def test_a_session_of_the_database_alone_is_worth_nothing(
    server: Server, migrated: str, pair: tuple[Engine, Engine]
) -> None:
    first, _ = pair
    first.sign_in()

    stored = server.value("SELECT encode(token_hash, 'hex') FROM sessions", migrated)

    stolen = {"authorization": f"Bearer ps_{stored}"}
    assert first.ask("GET", "/api/me", headers=stolen).status == 401


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE sessions SET revoked_at = now()",
        "UPDATE sessions SET created_at = '2020-01-01', expires_at = now()",
        "UPDATE sessions SET last_seen_at = now() - interval '8 days'",
        "DELETE FROM sessions",
        "DELETE FROM users",
    ],
)
def test_a_session_counts_only_while_its_row_does(
    server: Server, database: str, engine: Engine, damage: str
) -> None:
    session = bearer(engine.sign_in())
    internal = {**session, **engine.secret}
    path = "/api/auth/session"
    assert engine.ask("GET", path, port=engine.internal, headers=internal).status == 200

    server.execute(damage, database)

    assert engine.ask("GET", path, port=engine.internal, headers=internal).status == 401


def test_the_limit_of_attempts_is_exact_over_two_replicas(pair: tuple[Engine, Engine]) -> None:
    tries = 3 * PER_ACCOUNT

    def attempt(number: int) -> Answer:
        return pair[number % 2].sign_in(password="wrong", x_client_address="203.0.113.9")

    with concurrent.futures.ThreadPoolExecutor(max_workers=tries) as pool:
        answers = list(pool.map(attempt, range(tries)))

    statuses = Counter(answer.status for answer in answers)
    assert statuses == {201: PER_ACCOUNT, 429: tries - PER_ACCOUNT}
    late = next(answer for answer in answers if answer.status == 429)
    assert 0 < int(late.headers["retry-after"]) <= 300


def test_other_addresses_are_not_locked_out(pair: tuple[Engine, Engine]) -> None:
    first, second = pair
    tries = [
        first.sign_in(password="wrong", x_client_address="203.0.113.9")
        for _ in range(PER_ACCOUNT + 1)
    ]
    assert tries[-1].status == 429

    assert second.sign_in(x_client_address="203.0.113.10").json()["user"] is not None


def test_an_address_that_the_caller_invents_counts_with_the_secret_only(
    pair: tuple[Engine, Engine],
) -> None:
    headers = {"x-internal-auth": "wrong", "x-client-address": "203.0.113.9"}
    first, _ = pair
    attempt = {"email": "x@example.com", "password": "wrong"}
    path = "/api/auth/credentials/verify"

    assert first.ask("POST", path, attempt, port=first.internal, headers=headers).status == 401


@pytest.mark.parametrize(
    "body", [{}, {"email": "a@b"}, {"email": 1, "password": "x"}, [], "text", None]
)
def test_a_wrong_body_is_400(engine: Engine, body: object) -> None:
    path = "/api/auth/credentials/verify"

    answer = engine.ask("POST", path, body, port=engine.internal, headers=engine.secret)

    assert answer.status == 400

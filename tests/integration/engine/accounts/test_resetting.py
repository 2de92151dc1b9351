"""A new password for somebody who cannot sign in, by whoever may run the engine."""

import subprocess
import sys
from pathlib import Path

import pytest

from support import engine_process, postgres
from support.postgres import Server

pytestmark = pytest.mark.integration


def reset(url: str, email: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "polyant_engine", "reset-password", email],
        env=postgres.environment(url),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_reset_password_is_good_for_one_sign_in_and_ends_older_sessions(
    server: Server, migrated: str, tmp_path: Path
) -> None:
    url = server.url(migrated)
    with engine_process.running(url, tmp_path) as engine:
        assert engine.wait_ready().sign_in().status == 201

        done = reset(url, postgres.ADMIN_EMAIL.upper())

        assert done.returncode == 0, done.stderr
        assert engine.sign_in().json() == {"user": None}
        answer = engine.sign_in(password=done.stdout.strip())
        assert answer.json()["user"]["mustChangePassword"] is True
    open_sessions = "SELECT count(*) FROM sessions WHERE revoked_at IS NULL"
    assert server.value(open_sessions, migrated) == 1
    noted = "SELECT count(*) FROM audit_log WHERE action = 'password.reset'"
    assert server.value(noted, migrated) == 1


def test_an_account_that_does_not_exist_is_named(server: Server, migrated: str) -> None:
    done = reset(server.url(migrated), "nobody@example.com")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "there is no account nobody@example.com\n"

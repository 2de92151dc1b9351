"""Real engines that are killed, frozen, stopped: who leads, and that an old leader writes nothing."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engine_process, postgres
from support.engine_process import Engine
from support.postgres import Server

pytestmark = pytest.mark.integration

TIMES = {
    "ELECTION_LEASE_SECONDS": "3",
    "ELECTION_RENEW_SECONDS": "2",
    "ELECTION_RETRY_SECONDS": "1",
}
FENCE = "SELECT epoch || ' ' || split_part(coalesce(holder, ''), '_', 1) FROM fence"
BEATEN = "SELECT epoch FROM leader_heartbeat"


def fence(server: Server, name: str) -> tuple[int, str]:
    epoch, _, holder = server.value(FENCE, name).partition(" ")
    return int(epoch), holder


def leads(engine: Engine) -> bool:
    text = engine.ask("GET", "/metrics", port=engine.metrics).body.decode()
    return "\npolyant_leader 1.0\n" in text


@contextlib.contextmanager
def replica(server: Server, name: str, folder: Path, pod: str, **more: str) -> Iterator[Engine]:
    changes = {**TIMES, "POD_NAME": pod, **more}
    with engine_process.running(server.url(name), folder, **changes) as engine:
        yield engine.wait_ready()


@pytest.fixture
def pair(server: Server, migrated: str, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """A leader and a warm standby."""
    with replica(server, migrated, tmp_path, "a") as first:
        engine_process.wait(lambda: leads(first), first.log)
        with replica(server, migrated, tmp_path, "b") as second:
            yield first, second


def test_after_a_kill_the_standby_leads(
    server: Server, migrated: str, pair: tuple[Engine, Engine]
) -> None:
    first, second = pair
    before, _ = fence(server, migrated)

    first.process.kill()
    engine_process.wait(lambda: leads(second), second.log)

    assert fence(server, migrated) == (before + 1, "b")


def test_a_frozen_leader_is_replaced_and_ends_when_it_thaws(
    server: Server, migrated: str, pair: tuple[Engine, Engine]
) -> None:
    first, second = pair

    first.process.send_signal(signal.SIGSTOP)
    try:
        engine_process.wait(lambda: leads(second), second.log)
        epoch, _ = fence(server, migrated)
        engine_process.wait(lambda: server.value(BEATEN, migrated) == epoch)
    finally:
        first.process.send_signal(signal.SIGCONT)

    assert first.process.wait(10) == 1, "the watchdog ended it before it led on"
    assert "Timeout (" in first.log.read_text()
    assert fence(server, migrated) == (epoch, "b")
    assert leads(second)


def test_a_short_freeze_is_survived(
    server: Server, migrated: str, pair: tuple[Engine, Engine]
) -> None:
    first, _ = pair
    before = fence(server, migrated)

    first.process.send_signal(signal.SIGSTOP)
    time.sleep(0.7)
    first.process.send_signal(signal.SIGCONT)
    time.sleep(1.5)

    assert fence(server, migrated) == before
    assert leads(first)


def test_a_stopped_leader_hands_over_and_nobody_waits_for_its_lease_to_end(
    server: Server, migrated: str, tmp_path: Path
) -> None:
    long = {"ELECTION_LEASE_SECONDS": "120", "ELECTION_RENEW_SECONDS": "100"}
    with replica(server, migrated, tmp_path, "a", **long) as first:
        engine_process.wait(lambda: leads(first), first.log)
        with replica(server, migrated, tmp_path, "b", **long) as second:
            first.process.send_signal(signal.SIGTERM)
            engine_process.wait(lambda: leads(second), second.log)

        assert first.process.wait(10) == 0


def test_a_leader_whose_database_is_silent_stops(
    server: Server, migrated: str, tmp_path: Path
) -> None:
    """Its own writes are held up, the lease is not: a leader that cannot write is none."""
    held_up = "BEGIN; LOCK TABLE fence IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(5)"
    with replica(server, migrated, tmp_path, "a") as first:
        engine_process.wait(lambda: leads(first), first.log)
        server.execute(held_up, migrated)
        engine_process.wait(lambda: "database-silent" in first.log.read_text(), first.log)

        assert first.process.poll() is None
        engine_process.wait(lambda: leads(first), first.log)


def test_a_leader_is_elected_also_without_channels(
    server: Server, migrated: str, tmp_path: Path
) -> None:
    with replica(server, migrated, tmp_path, "a", CHANNELS_ENABLED="false") as first:
        engine_process.wait(lambda: leads(first), first.log)


def test_the_command_says_who_leads(server: Server, migrated: str, tmp_path: Path) -> None:
    assert "nobody has led yet" in shown(server, migrated)
    with replica(server, migrated, tmp_path, "a") as first:
        engine_process.wait(lambda: leads(first), first.log)
        engine_process.wait(lambda: "ago" in shown(server, migrated))
        text = shown(server, migrated)

    assert "holder     a_" in text
    assert "epoch      1" in text


def shown(server: Server, name: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "polyant_engine", "leader"],
        check=True,
        env=postgres.environment(server.url(name)),
        capture_output=True,
        text=True,
        timeout=30,
    )
    return ended.stdout

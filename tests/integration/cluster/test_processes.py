"""Starting, finding and stopping programs, with real ones."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from dev.cluster import probes
from dev.cluster.errors import ClusterError
from dev.cluster.processes import Component, Processes

pytestmark = pytest.mark.integration
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def python(name: str, program: str, ready: probes.Probe | None = None) -> Component:
    return Component(name=name, argv=(sys.executable, "-c", program), ready=ready, within=10)


def test_a_second_command_finds_and_stops_what_the_first_started(tmp_path: Path) -> None:
    first, second = Processes(tmp_path), Processes(tmp_path)
    first.start([python("sleeper", "import time; time.sleep(60)")])

    assert second.running() == ["sleeper"]
    second.stop(["sleeper"])

    assert not first.is_alive("sleeper")
    assert second.running() == []


def test_a_recycled_process_id_is_nobody(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.start([python("sleeper", "import time; time.sleep(60)")])
    record = tmp_path / "processes" / "sleeper.json"
    true = record.read_text()
    record.write_text(f'{{"pid": {os.getpid()}, "started": "1"}}')

    assert Processes(tmp_path).process_id("sleeper") is None

    record.write_text(true)
    processes.stop(["sleeper"])


def test_what_ignores_the_request_is_killed(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.start([python("deaf", DEAF)])
    while "deaf" not in processes.log("deaf").read_text():
        time.sleep(0.02)

    processes.stop(["deaf"], patience=0.3)

    assert processes.running() == []


def test_a_program_that_ends_while_starting_shows_its_last_words(tmp_path: Path) -> None:
    program = "raise SystemExit('no such flag: --nonsense')"

    with pytest.raises(ClusterError, match=r"broken ended while starting(.|\n)*no such flag"):
        Processes(tmp_path).start([python("broken", program, probes.Exists(tmp_path / "never"))])


def test_a_program_that_dies_by_a_signal_is_seen_as_dead(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.start([python("sleeper", "import time; time.sleep(60)")])
    pid = processes.process_id("sleeper")
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while processes.is_alive("sleeper") and time.monotonic() < deadline:
        time.sleep(0.02)

    assert processes.running() == []

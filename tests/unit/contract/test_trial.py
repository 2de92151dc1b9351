"""The trial gives each process exactly what it reads, in forms it accepts."""

from pathlib import Path

import pytest

from dev.trial import keys, programs
from dev.trial.programs import Ports
from dev.trial.state import State
from polyant_engine import settings as engine
from polyant_web import settings as web
from support import environment
from support.environment import Process

PORTS = Ports(
    web=3000,
    engine=4000,
    model=8081,
    internal=4001,
    engine_metrics=9090,
    web_metrics=9091,
    database=5432,
)


def told(folder: Path, process: Process) -> dict[str, str]:
    state, secrets = State(folder), keys.generate()
    state.first_password.write_text("first password\n")
    if process == "web":
        return programs.web_environment(secrets, PORTS)
    return programs.engine_environment(state, secrets, PORTS)


@pytest.mark.parametrize("process", ["engine", "web"])
def test_every_variable_is_read_by_its_process(tmp_path: Path, process: Process) -> None:
    assert environment.unread(process, told(tmp_path, process)) == set()


@pytest.mark.parametrize("process", ["engine", "web"])
def test_every_required_variable_is_set(tmp_path: Path, process: Process) -> None:
    assert environment.missing(process, told(tmp_path, process)) == set()


def test_the_engine_accepts_the_values(tmp_path: Path) -> None:
    engine.load(told(tmp_path, "engine"))


def test_the_panel_accepts_the_values(tmp_path: Path) -> None:
    web.load(told(tmp_path, "web"))


@pytest.mark.parametrize("process", ["engine", "web"])
def test_nothing_listens_beyond_this_machine(tmp_path: Path, process: Process) -> None:
    assert told(tmp_path, process)["LISTEN_ADDRESS"] == "127.0.0.1"

"""Keys are made once, are private, and are never replaced while data needs them."""

import stat
from pathlib import Path

import pytest

from dev.trial import keys
from dev.trial.errors import TrialError
from dev.trial.state import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.create()
    return state


def test_the_second_run_has_the_keys_of_the_first(state: State) -> None:
    assert keys.load(state) == keys.load(state)


def test_two_folders_have_different_keys() -> None:
    assert keys.generate() != keys.generate()


@pytest.mark.parametrize("name", ["keys", "first_password"])
def test_only_the_owner_reads_a_file_of_secrets(state: State, name: str) -> None:
    keys.load(state)

    assert stat.S_IMODE(getattr(state, name).stat().st_mode) == 0o600


def test_data_without_its_keys_is_an_error_and_not_a_reason_for_new_ones(state: State) -> None:
    state.database.mkdir()

    with pytest.raises(TrialError, match=r"(?s)keys\.json is missing.*--reset"):
        keys.load(state)
    assert not state.keys.exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"encryption_key": "x"}', "\xff"])
def test_a_broken_file_of_keys_is_named(state: State, content: str) -> None:
    state.keys.write_text(content)

    with pytest.raises(TrialError, match=r"keys\.json cannot be read"):
        keys.load(state)


def test_keys_are_not_shown_by_accident(state: State) -> None:
    secrets = keys.load(state)

    assert secrets.encryption_key not in repr(secrets)

"""One trial at a time uses a folder, and nobody else looks into it."""

import os
import stat
from pathlib import Path

import pytest

from dev.trial.errors import TrialError
from dev.trial.state import State, locked, write_private


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.create()
    return state


def test_nobody_else_lists_the_folder(state: State) -> None:
    mode = stat.S_IMODE(state.folder.stat().st_mode)

    assert mode & 0o066 == 0


def test_a_folder_of_another_user_is_named_with_its_owner(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)

    with pytest.raises(TrialError, match=rf"belongs to the user {owner}"):
        state.create()


def test_a_second_trial_is_refused_and_told_who_is_there(state: State) -> None:
    state.write_run({"pid": 4711, "addresses": {"web": "http://127.0.0.1:3000"}})

    with (
        locked(state),
        pytest.raises(TrialError, match=r"4711.*http://127\.0\.0\.1:3000"),
        locked(state),
    ):
        pass


def test_the_folder_is_free_again_afterwards(state: State) -> None:
    with locked(state):
        pass
    with locked(state):
        pass


def test_the_note_of_a_run_survives_being_cut(state: State) -> None:
    state.run.write_text('{"pid": 47')

    assert state.read_run() == {}


def test_a_private_file_replaces_one_that_was_open_to_all(state: State) -> None:
    path = state.folder / "secret"
    path.write_text("old")
    path.chmod(0o644)

    write_private(path, "new")

    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)
    assert not (state.folder / "secret.new").exists()

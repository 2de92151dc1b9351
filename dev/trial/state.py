"""The state folder: where data, keys, logs and the note about the running processes lie.

One trial at a time uses a folder. A lock on a file holds that, because the system frees it however
the trial ends; the note in `run.json` is only what the next trial needs to clean up after a kill.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.trial.errors import TrialError

PRIVATE = 0o600


@dataclass(frozen=True)
class State:
    """The paths inside one state folder."""

    folder: Path

    @property
    def database(self) -> Path:
        """PostgreSQL's data directory."""
        return self.folder / "database"

    @property
    def keys(self) -> Path:
        """Every generated secret, as JSON."""
        return self.folder / "keys.json"

    @property
    def first_password(self) -> Path:
        """The first administrator's password, until it is changed at the first sign-in."""
        return self.folder / "first-password"

    @property
    def run(self) -> Path:
        """Addresses and processes of the running trial."""
        return self.folder / "run.json"

    def log(self, name: str) -> Path:
        """The log file of one process."""
        return self.folder / "logs" / f"{name}.log"

    def create(self) -> None:
        """Make the folder; only its owner may list it.

        Started by root, the database runs as another user, who must be able to pass through.
        """
        mode = 0o711 if os.geteuid() == 0 else 0o700
        self.folder.mkdir(parents=True, exist_ok=True)
        owner = self.folder.stat().st_uid
        if owner != os.geteuid():
            raise TrialError(
                f"{self.folder} belongs to the user {owner}, who made it, and you are "
                f"{os.geteuid()}.\nBe that user, or choose another place with --folder."
            )
        self.folder.chmod(mode)
        (self.folder / "logs").mkdir(mode=0o700, exist_ok=True)

    def delete(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder)

    def write_run(self, note: dict[str, Any]) -> None:
        """Write down the running processes for people, and for the trial after a kill."""
        write_private(self.run, json.dumps(note, indent=2) + "\n")

    def read_run(self) -> dict[str, Any]:
        """Read the note of the trial that runs or was killed; empty when there is none."""
        try:
            note = json.loads(self.run.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def locked(state: State) -> Iterator[None]:
    """Hold the folder, or say who does."""
    with (state.folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TrialError(_taken(state)) from None
        yield


def _taken(state: State) -> str:
    note = state.read_run()
    pid, web = note.get("pid", "unknown"), note.get("addresses", {}).get("web", "starting")
    return (
        f"Another trial is running in {state.folder} (process {pid}, panel {web}).\n"
        f"Use that one, stop it with Ctrl-C in its terminal or `kill {pid}`, "
        "or start a second one with --folder and other ports."
    )

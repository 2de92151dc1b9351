"""The generated secrets of one trial: made once, kept in the state folder, mode 0600.

The database holds data that only these keys can read, so a folder with a database and without keys
is an error and never a reason to make new ones.
"""

import json
import secrets
from dataclasses import asdict, dataclass, field, fields

from dev.trial.errors import TrialError
from dev.trial.state import State, write_private


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What engine, panel and database are given."""

    encryption_key: str = field(repr=False)
    auth_secret: str = field(repr=False)
    auth_internal_secret: str = field(repr=False)
    database_password: str = field(repr=False)


def load(state: State) -> Keys:
    """Return the keys of this folder, and make them when the folder is new."""
    if state.keys.exists():
        return _read(state)
    if state.database.exists():
        raise TrialError(
            f"{state.keys} is missing, but {state.database} holds data encrypted with those keys.\n"
            "Put the file back, or give the data up with `python -m dev.trial --reset`."
        )
    keys = generate()
    write_private(state.first_password, secrets.token_urlsafe(12) + "\n")
    write_private(state.keys, json.dumps(asdict(keys), indent=2) + "\n")
    return keys


def generate() -> Keys:
    """Make fresh keys of the forms the processes ask for."""
    return Keys(
        encryption_key=secrets.token_hex(32),
        auth_secret=secrets.token_hex(32),
        auth_internal_secret=secrets.token_hex(32),
        database_password=secrets.token_hex(16),
    )


def _read(state: State) -> Keys:
    try:
        found = json.loads(state.keys.read_text())
        return Keys(**{key.name: str(found[key.name]) for key in fields(Keys)})
    except (ValueError, KeyError, TypeError) as error:
        raise TrialError(
            f"{state.keys} cannot be read ({error!r}).\n"
            "Put back the file that belongs to this data, "
            "or give the data up with `python -m dev.trial --reset`."
        ) from error

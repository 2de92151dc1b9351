#!/usr/bin/env python3
"""First process of the PostgreSQL image: make the data folder once, then become the server.

The variables are those of the official image: POSTGRES_USER, POSTGRES_PASSWORD (or _FILE),
POSTGRES_DB, PGDATA. The folder is made beside its final place and moved there as the last step,
so a pod that is killed half way starts from the beginning and never serves half a database.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

UNFINISHED = ".initialising"
SOCKETS = (Path("/var/run/postgresql"), Path("/tmp"))  # noqa: S108 - the one folder always writable


def main() -> None:
    """Prepare the data folder if it is new, then replace this process by the server."""
    data = Path(os.environ.get("PGDATA") or "/var/lib/postgresql/data")
    try:
        if not (data / "PG_VERSION").exists():
            _make(data)
        _check_version(data)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"polyant-postgres: {error}", file=sys.stderr)
        sys.exit(64)
    arguments = [word for word in sys.argv[1:] if word != "postgres"]
    os.execvp("postgres", ["postgres", "-D", str(data), *_settings("*"), *arguments])  # noqa: S606 - the server takes over as process 1


def _settings(addresses: str) -> list[str]:
    sockets = next(folder for folder in SOCKETS if os.access(folder, os.W_OK))
    return ["-c", f"listen_addresses={addresses}", "-c", f"unix_socket_directories={sockets}"]


def _check_version(data: Path) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    if found != "16":
        raise ValueError(
            f"the data in {data} was written by PostgreSQL {found} and this image is version 16; "
            f"dump it with version {found} and load it into a new volume"
        )


def _make(data: Path) -> None:
    password, user, database = _identity()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = data / UNFINISHED
    _sweep(data, fresh)
    print(f"polyant-postgres: making a new database in {data}", flush=True)
    _initdb(fresh, user, password)
    _create(fresh, user, database)
    for entry in sorted(fresh.iterdir(), key=lambda path: path.name == "PG_VERSION"):
        entry.rename(data / entry.name)
    fresh.rmdir()
    # The server refuses a folder that others may read. A mount point is not ours to change, so
    # with a volume PGDATA must be a folder below it.
    data.chmod(0o700)


def _identity() -> tuple[str, str, str]:
    file = os.environ.get("POSTGRES_PASSWORD_FILE")
    password = Path(file).read_text().rstrip("\n") if file else os.environ.get("POSTGRES_PASSWORD")
    if not password:
        raise ValueError("POSTGRES_PASSWORD is not set; give the password of the first user")
    user = os.environ.get("POSTGRES_USER") or "postgres"
    return password, user, os.environ.get("POSTGRES_DB") or user


def _sweep(data: Path, fresh: Path) -> None:
    # Without PG_VERSION nothing here was ever served, so only a run cut short can have left it.
    if fresh.exists():
        for entry in data.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    foreign = sorted(entry.name for entry in data.iterdir() if entry.name != "lost+found")
    if foreign:
        raise ValueError(f"{data} holds {foreign[0]} but no database; empty it or choose another")


def _initdb(fresh: Path, user: str, password: str) -> None:
    secret = Path("/tmp/initdb-password")  # noqa: S108 - only this user's processes run in the container
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as sink:
        sink.write(password)
    try:
        identity = ["-U", user, f"--pwfile={secret}"]
        rules = ["--auth-local=trust", "--auth-host=scram-sha-256"]
        _run(["initdb", "-D", str(fresh), *identity, *rules, "-E", "UTF8", "--locale=C.UTF-8"])
    finally:
        secret.unlink()
    with (fresh / "pg_hba.conf").open("a") as sink:
        sink.write("host all all all scram-sha-256\n")


def _create(fresh: Path, user: str, database: str) -> None:
    settings = " ".join(_settings(""))
    folder = settings.rpartition("=")[2]
    _run(["pg_ctl", "-D", str(fresh), "-w", "-o", settings, "start"])
    try:
        if database not in {"postgres", "template0", "template1"}:
            _run(["createdb", "-h", folder, "-U", user, "-O", user, database])
        extension = ["-v", "ON_ERROR_STOP=1", "-c", "CREATE EXTENSION IF NOT EXISTS vector"]
        _run(["psql", "-h", folder, "-U", user, "-d", database, *extension])
    finally:
        _run(["pg_ctl", "-D", str(fresh), "-m", "fast", "-w", "stop"])


def _run(argv: list[str]) -> None:
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main()

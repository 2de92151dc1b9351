"""A PostgreSQL that can be stopped, crashed and started again on its port; relays may come from any 127.x."""

import asyncio
import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from support import postgres

NAME = "chaos"
APPLICATION = "chaos"


@dataclass
class Database:
    """The server and the one database of a run."""

    data: Path
    port: int
    process: "subprocess.Popen[bytes]"

    def url(self, port: int = 0) -> str:
        return f"postgresql://{postgres.SUPERUSER}@127.0.0.1:{port or self.port}/{NAME}"

    async def connect(self) -> asyncpg.Connection:
        settings = {"application_name": APPLICATION}
        return await asyncpg.connect(self.url(), server_settings=settings)

    async def execute(self, statement: str) -> None:
        connection = await self.connect()
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def stop(self, *, is_crash: bool = False) -> None:
        """Stop, or crash as when the machine ends all its processes; the next start recovers."""
        self.process.send_signal(signal.SIGQUIT if is_crash else signal.SIGINT)
        await asyncio.to_thread(self.process.wait, postgres.START_SECONDS)

    async def start(self) -> None:
        self.process = await asyncio.to_thread(postgres._start, self.data, self.port)
        await asyncio.to_thread(postgres._wait, self.process, self.port)


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Database]:
    """Run a server with a migrated database in a folder of its own."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="polyant-chaos-"))
    try:
        found = await asyncio.to_thread(_made, folder)
        await found.start()
        try:
            server = postgres.Server(port=found.port, pid=found.process.pid)
            await asyncio.to_thread(_migrate, server, found.url())
            yield found
        finally:
            await found.stop()
    finally:
        await asyncio.to_thread(shutil.rmtree, folder)


def _made(folder: Path) -> Database:
    data = folder / "data"
    data.mkdir()
    postgres._hand_over(folder)
    postgres._hand_over(data)
    postgres._initdb(data)
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write("host all all 127.0.0.0/8 trust\n")
    nothing = subprocess.Popen(["true"])
    nothing.wait()
    return Database(data=data, port=postgres.free_port(), process=nothing)


def _migrate(server: postgres.Server, url: str) -> None:
    server.execute(f'CREATE DATABASE "{NAME}"')
    ended = postgres.migrate(url)
    if ended.returncode:
        raise RuntimeError(f"the database could not be migrated: {ended.stderr}")

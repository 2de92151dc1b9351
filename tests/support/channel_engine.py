"""Real engines with channels, for tests whose vendor's simulator lives in the test's own event loop."""

import asyncio
import contextlib
import json
import os
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyant_engine.vault import model as vault
from support import engine_process, postgres
from support.engine_process import Answer, Engine
from support.postgres import Server

QUICK = {
    "MESSAGE_SOFT_DEBOUNCE_MS": "100",
    "MESSAGE_TYPING_DELAY_MS": "50",
    "ELECTION_LEASE_SECONDS": "3",
    "ELECTION_RENEW_SECONDS": "2",
    "ELECTION_RETRY_SECONDS": "1",
    "MODEL_PRIVATE_HOSTS": "127.0.0.1",
}


@contextlib.asynccontextmanager
async def serving(url: str, folder: Path, model_url: str, **changes: str) -> AsyncIterator[Engine]:
    """Run an engine; waits happen in threads, so that the loop goes on serving simulators."""
    models = json.dumps([{"name": "main", "provider": "openai", "baseUrl": model_url}])
    process = engine_process.running(url, folder, **{**QUICK, "MODELS": models, **changes})
    engine = await asyncio.to_thread(process.__enter__)
    try:
        yield await asyncio.to_thread(engine.wait_ready)
    finally:
        await asyncio.to_thread(process.__exit__, None, None, None)


async def leads(engine: Engine) -> None:
    """Wait until an engine leads."""
    await asyncio.to_thread(engine_process.wait, lambda: is_leading(engine), engine.log)


def is_leading(engine: Engine) -> bool:
    return "\npolyant_leader 1.0\n" in metrics(engine)


def metrics(engine: Engine) -> str:
    return engine.ask("GET", "/metrics", port=engine.metrics).body.decode()


def insert_agent(server: Server, database: str, slug: str = "helper") -> uuid.UUID:
    """Make an agent that asks the scripted model."""
    found: uuid.UUID = server.value(
        f"INSERT INTO agents (slug, name, provider, model) VALUES ('{slug}', 'H', 'main', 'demo')"  # noqa: S608  a name of a test
        " RETURNING id",
        database,
    )
    return found


def insert_channel(
    server: Server,
    database: str,
    agent: uuid.UUID,
    kind: str,
    account: str,
    secrets: Mapping[str, str],
) -> uuid.UUID:
    """Configure a channel, its secrets sealed as the engine seals them."""
    number = uuid.uuid4()
    ring = vault.ring(postgres.ENCRYPTION_KEY, None)
    [key] = ring.ids
    binding = vault.binding(vault.Purpose.CHANNEL_CONFIG, number)
    sealed = ring.seal(key, binding, json.dumps(secrets).encode(), os.urandom(vault.NONCE_BYTES))
    server.execute(
        "INSERT INTO channels (id, agent_id, kind, account, box, key_id)"  # noqa: S608  values of a test
        f" VALUES ('{number}', '{agent}', '{kind}', '{account}', '\\x{sealed.box.hex()}',"
        f" '{sealed.key_id}')",
        database,
    )
    return number


async def ask(
    engine: Engine,
    method: str,
    path: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Ask an engine without holding up the loop."""
    return await asyncio.to_thread(engine.ask, method, path, body, headers=headers)


@dataclass(frozen=True)
class Admin:
    """A signed-in administrator."""

    engine: Engine
    token: str

    async def ask(self, method: str, path: str, body: object = None) -> Answer:
        headers = {"authorization": f"Bearer {self.token}"}
        return await ask(self.engine, method, path, body, headers)

    async def call(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.ask(method, path, body)
        assert answer.status == 200, answer.body
        return answer.json()

    async def until(self, path: str, holds: Callable[[Any], Any]) -> Any:
        """Ask until an answer is as it should be, and return it."""
        async with asyncio.timeout(20):
            while not holds(found := await self.call("GET", path)):  # noqa: ASYNC110  another process has no event
                await asyncio.sleep(0.05)
        return found


async def signed_in(engine: Engine) -> Admin:
    """Sign in as the first administrator, who has to choose a password."""
    answer = await asyncio.to_thread(engine.sign_in)
    admin = Admin(engine, answer.json()["sessionToken"])
    await admin.ask("POST", "/api/me/password", {"newPassword": "second-password"})
    return admin

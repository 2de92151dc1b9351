"""Real processes for measurements and integration tests: PostgreSQL, scripted model, engine.

Everything listens on 127.0.0.1 with ports of its own and keeps its state in one folder.
"""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from dev.trial import database
from dev.trial.child import Child, Program
from dev.trial.keys import Keys, generate
from dev.trial.state import State

HOST = "127.0.0.1"
ADMIN = "administrator@local"
FIRST_PASSWORD = "first-password"  # noqa: S105  of a throw-away database
PASSWORD = "second-password"  # noqa: S105  of a throw-away database
START_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Server:
    """The database server of one stack."""

    folder: Path
    keys: Keys
    port: int
    child: Child

    def url(self, name: str) -> str:
        """Return the connection string of one database."""
        return database.url(self.keys, self.port).rpartition("/")[0] + f"/{name}"


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A started engine."""

    child: Child
    url: str
    metrics_url: str
    internal_secret: str

    @property
    def pid(self) -> int:
        """Return its process id."""
        return int(str(self.child.note["pid"]))


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """What an engine is told."""

    database_url: str
    model_url: str
    keys: Keys
    variables: Mapping[str, str] = field(default_factory=dict)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def database_server(folder: Path) -> AsyncIterator[Server]:
    """Start PostgreSQL on a new data directory, fsync on."""
    state = State(folder)
    state.create()
    keys, port = generate(), free_port()
    await asyncio.to_thread(database.prepare, state, keys)
    child = await Child.start(database.program(state, port), folder / "database.log")
    try:
        await database.wait_ready(child, keys, port)
        yield Server(folder=folder, keys=keys, port=port, child=child)
    finally:
        await child.stop()


@contextlib.asynccontextmanager
async def scripted_model(folder: Path, rules: str | None = None) -> AsyncIterator[str]:
    """Start the scripted model with a rules file; yield its base URL."""
    port = free_port()
    arguments = ["demo-model", "--port", str(port), "--address", HOST]
    if rules is not None:
        path = folder / f"rules-{port}.yaml"
        path.write_text(rules)
        arguments += ["--rules", str(path)]
    child = await _start(folder, f"model-{port}", arguments, {})
    try:
        await _until_answering(child, f"http://{HOST}:{port}/health")
        yield f"http://{HOST}:{port}/v1"
    finally:
        await child.stop()


@contextlib.asynccontextmanager
async def engine(folder: Path, options: EngineOptions) -> AsyncIterator[Engine]:
    """Migrate the database and start an engine."""
    started = await start_engine(folder, options)
    try:
        yield started
    finally:
        await started.child.stop()


async def start_engine(folder: Path, options: EngineOptions) -> Engine:
    """Start an engine; the caller stops it."""
    port, metrics = free_port(), free_port()
    variables = _variables(options) | {"API_PORT": str(port), "METRICS_PORT": str(metrics)}
    variables |= options.variables
    child = await _start(folder, f"engine-{port}", ["serve"], variables)
    found = Engine(
        child=child,
        url=f"http://{HOST}:{port}",
        metrics_url=f"http://{HOST}:{metrics}",
        internal_secret=options.keys.auth_internal_secret,
    )
    await _until_answering(child, f"{found.metrics_url}/readyz")
    return found


def _variables(options: EngineOptions) -> dict[str, str]:
    model = {"name": "main", "provider": "openai", "baseUrl": options.model_url}
    return {
        "LISTEN_ADDRESS": HOST,
        "DATABASE_URL": options.database_url,
        "ENCRYPTION_KEY": options.keys.encryption_key,
        "AUTH_SECRET": options.keys.auth_secret,
        "AUTH_INTERNAL_SECRET": options.keys.auth_internal_secret,
        "INITIAL_ADMIN_EMAIL": ADMIN,
        "INITIAL_ADMIN_PASSWORD": FIRST_PASSWORD,
        "MODELS": json.dumps([model]),
        "MODEL_PRIVATE_HOSTS": HOST,
        "LOG_LEVEL": "warning",
    }


async def _start(
    folder: Path, name: str, arguments: list[str], variables: Mapping[str, str]
) -> Child:
    surroundings = {"PATH": os.defpath, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    program = Program(
        name=name,
        argv=(sys.executable, "-m", "polyant_engine", *arguments),
        environment=surroundings | dict(variables),
    )
    return await Child.start(program, folder / f"{name}.log")


async def _until_answering(child: Child, url: str) -> None:
    async with aiohttp.ClientSession() as client, asyncio.timeout(START_SECONDS):
        while child.exit_code is None:
            with contextlib.suppress(aiohttp.ClientError):
                async with client.get(url) as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.05)
    raise RuntimeError(f"{child.program.name} ended with {child.exit_code}:\n{child.tail()}")


class Admin:
    """A signed-in administrator."""

    def __init__(self, client: aiohttp.ClientSession, engine: Engine, token: str) -> None:
        self._client = client
        self._engine = engine
        self.token = token

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Call the management API."""
        async with self._client.request(
            method,
            self._engine.url + path,
            json=body,
            headers={"authorization": f"Bearer {self.token}"},
        ) as answer:
            raw = await answer.read()
            return answer.status, json.loads(raw) if raw else None

    async def new_agent(self, slug: str | None = None, **fields: Any) -> tuple[str, str]:
        """Create an agent that uses the scripted model; return its slug and API key."""
        slug = slug or f"a-{secrets.token_hex(4)}"
        body = {"slug": slug, "name": slug, "provider": "main", "model": "demo"} | fields
        status, answer = await self.call("POST", "/api/instances", body)
        if status != 201:  # noqa: PLR2004  created
            raise RuntimeError(f"{status} {answer}")
        _, key = await self.call("POST", f"/api/instances/{slug}/api-key")
        return slug, key["apiKey"]


async def sign_in(client: aiohttp.ClientSession, engine: Engine) -> Admin:
    """Sign in as the first administrator, choosing a new password when asked to."""
    token = await _token(client, engine, PASSWORD)
    if token is None:
        token = await _token(client, engine, FIRST_PASSWORD)
        if token is None:
            raise RuntimeError("nobody can sign in")
        admin = Admin(client, engine, token)
        await admin.call("POST", "/api/me/password", {"newPassword": PASSWORD})
    return Admin(client, engine, token)


async def _token(client: aiohttp.ClientSession, engine: Engine, password: str) -> str | None:
    async with client.post(
        engine.url + "/api/auth/credentials/verify",
        json={"email": ADMIN, "password": password},
        headers={"x-internal-auth": engine.internal_secret},
    ) as answer:
        answer.raise_for_status()
        found: str | None = (await answer.json()).get("sessionToken")
        return found

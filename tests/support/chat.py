"""A whole chat stack for integration tests: PostgreSQL, scripted model, engine, administrator."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from openai import AsyncOpenAI

from bench import stack

RULES = """
rules:
  - match: {text: "^slow"}
    reply: "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    chunks: {size: 4, delayMs: 100}
  - match: {text: "^hang"}
    hang: true
  - match: {text: "^cut"}
    reply: "0123456789012345678901234567890123456789"
    chunks: {size: 10}
    cutAfter: 2
  - match: {text: "^unauthorized"}
    fail: {status: 401, message: "Incorrect API key provided: sk-secret"}
  - match: {text: "^limited"}
    fail: {status: 429, retryAfter: 30}
  - match: {text: "^broken"}
    fail: {status: 500}
  - match: {text: "^too long"}
    fail: {status: 400, code: context_length_exceeded}
  - match: {text: "^flaky"}
    fail: {status: 503, times: 2, retryAfter: 0.05}
    reply: "third time lucky"
  - match: {text: "^usage"}
    reply: "counted"
    usage: {promptTokens: 1000, completionTokens: 500, cachedTokens: 200}
  - match: {text: "^long"}
    reply: "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
  - reply: "You said: {text}"
"""


@dataclass(frozen=True, kw_only=True)
class Chat:
    """A running stack."""

    folder: Path
    server: stack.Server
    options: stack.EngineOptions
    engine: stack.Engine
    http: aiohttp.ClientSession
    database: asyncpg.Connection
    admin: stack.Admin
    slug: str
    key: str

    def client(self, key: str | None = None, *, retries: int = 0) -> AsyncOpenAI:
        """Return the official client."""
        return AsyncOpenAI(
            api_key=key or self.key, base_url=f"{self.engine.url}/v1", max_retries=retries
        )

    async def post(
        self, body: Any, *, key: str | None = "", raw: bytes | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        """Post a completion; "" is the agent's own key, None is no key at all."""
        token = self.key if key == "" else key
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        async with self.http.post(
            f"{self.engine.url}/v1/chat/completions",
            data=io.BytesIO(json.dumps(body).encode() if raw is None else raw),
            headers=headers | {"content-type": "application/json"},
        ) as answer:
            text = await answer.read()
            found = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, json.loads(text), found

    def body(self, text: str, **fields: Any) -> dict[str, Any]:
        """Return a request body."""
        return {"model": self.slug, "messages": [{"role": "user", "content": text}]} | fields

    async def turn(self, chat_id: str) -> asyncpg.Record:
        """Return the latest turn of a conversation."""
        return await self.database.fetchrow(
            "SELECT t.* FROM turns t JOIN conversations c ON c.id = t.conversation_id"
            " WHERE c.external_id = $1 ORDER BY t.first_seq DESC LIMIT 1",
            f"api-{chat_id}",
        )

    async def turn_ends(self, chat_id: str, seconds: float = 5) -> asyncpg.Record:
        """Wait until the latest turn of a conversation has ended."""
        async with asyncio.timeout(seconds):
            while True:
                turn = await self.turn(chat_id)
                if turn is not None and turn["finished_at"] is not None:
                    return turn
                await asyncio.sleep(0.02)

    async def messages(self, chat_id: str) -> list[tuple[str, str]]:
        """Return role and content of a conversation, in order, and check that seq has no gap."""
        rows = await self.database.fetch(
            "SELECT m.seq, m.role, m.content FROM messages m"
            " JOIN conversations c ON c.id = m.conversation_id"
            " WHERE c.external_id = $1 ORDER BY m.seq",
            f"api-{chat_id}",
        )
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
        return [(row["role"], row["content"]) for row in rows]


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Chat]:
    """Start everything."""
    async with (
        stack.database_server(folder) as server,
        stack.scripted_model(folder, RULES) as model,
        aiohttp.ClientSession() as http,
    ):
        options = stack.EngineOptions(
            database_url=server.url("polyant"), model_url=model, keys=server.keys
        )
        async with stack.engine(folder, options) as engine:
            database = await asyncpg.connect(server.url("polyant"))
            admin = await stack.sign_in(http, engine)
            slug, key = await admin.new_agent("helper")
            try:
                yield Chat(
                    folder=folder,
                    server=server,
                    options=options,
                    engine=engine,
                    http=http,
                    database=database,
                    admin=admin,
                    slug=slug,
                    key=key,
                )
            finally:
                await database.close()


async def events(answer: aiohttp.ClientResponse) -> list[str]:
    """Return the data of every event of a stream."""
    text = (await answer.read()).decode()
    return [line.removeprefix("data: ") for line in text.split("\n\n") if line.startswith("data: ")]

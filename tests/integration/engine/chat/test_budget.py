"""A plain turn costs at most four round trips to the database, counted where they happen."""

import asyncio
import json
from pathlib import Path

import orjson
import pytest
from starlette.types import Message

from bench import stack
from polyant_engine import asgi, settings
from support import asgi as ask
from support.postgres import Server, environment

pytestmark = pytest.mark.integration

BUDGET = 4


@pytest.mark.parametrize("stream", [False, True])
async def test_a_turn_stays_within_its_statements(
    server: Server, migrated: str, tmp_path: Path, *, stream: bool
) -> None:
    seen: list[str] = []
    async with stack.scripted_model(tmp_path) as model_url:
        variables = {
            "MODELS": json.dumps([{"name": "main", "provider": "openai", "baseUrl": model_url}]),
            "MODEL_PRIVATE_HOSTS": "127.0.0.1",
            "MIGRATE_ON_START": "false",
            "INTERNAL_PORT": "",
        }
        found = settings.load(environment(server.url(migrated), **variables))
        async with asgi.opened(found, on_statement=seen.append) as engine:
            key = await new_agent(engine)
            body = {"model": "helper", "stream": stream, "messages": []}
            body["messages"] = [{"role": "user", "content": "hello"}]
            headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
            counts = []
            for _ in range(5):
                seen.clear()
                answer = await ask_and_stay(engine, headers, orjson.dumps(body))
                await asyncio.sleep(0.01)  # asyncpg tells of a statement a little later
                counts.append([text for text in seen if not is_overhead(text)])
                assert b"You said: hello" in answer.body

    assert max(map(len, counts)) <= BUDGET
    # The second request reserves its block of the limit; from then on a turn is two statements.
    assert [len(texts) for texts in counts[2:]] == [2, 2, 2]
    for text in ("INSERT INTO messages", "UPDATE turns SET state"):
        assert any(text in statement for statement in counts[-1])


def is_overhead(statement: str) -> bool:
    """Tell a statement that runs by the clock or per connection, whatever the number of turns."""
    set_up = "'jit'" in statement or "pg_catalog" in statement
    periodic = (
        "lease_until < now()",
        "AS ours (id, attempt)",  # leases are renewed every 3 s
        "ensure_log_partitions",
        "COPY",
        "DELETE FROM rate_counters",
    )
    return set_up or any(part in statement for part in periodic)


async def new_agent(engine: asgi.Engine) -> str:
    token = await sign_in(engine)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    agent = {"slug": "helper", "name": "Helper", "provider": "main", "model": "demo"}
    made = await ask.request(
        engine.main, "POST", "/api/instances", headers=headers, body=orjson.dumps(agent)
    )
    assert made.status == 201
    key = await ask.request(engine.main, "POST", "/api/instances/helper/api-key", headers=headers)
    token = key.json()["apiKey"]
    assert isinstance(token, str)
    return token


async def sign_in(engine: asgi.Engine) -> str:
    """Sign in and choose a new password."""
    body = {"email": stack.ADMIN, "password": "first-password"}
    found = await ask.request(
        engine.main,
        "POST",
        "/api/auth/credentials/verify",
        headers={"x-internal-auth": "an-internal-secret", "content-type": "application/json"},
        body=orjson.dumps(body),
    )
    token: str = found.json()["sessionToken"]
    changed = await ask.request(
        engine.main,
        "POST",
        "/api/me/password",
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        body=orjson.dumps({"newPassword": "second-password"}),
    )
    assert changed.status == 200
    return token


async def ask_and_stay(engine: asgi.Engine, headers: dict[str, str], body: bytes) -> ask.Answer:
    """Ask, and stay connected until the answer is complete."""
    asked = ask.scope("POST", "/v1/chat/completions", headers)
    answer, parts = ask.Answer(), [body]
    forever = asyncio.Event()

    async def receive() -> Message:
        if not parts:
            await forever.wait()
        return {"type": "http.request", "body": parts.pop(0), "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            piece = message.get("body", b"")
            assert isinstance(piece, bytes)
            answer.body += piece

    await engine.main(asked, receive, send)
    return answer

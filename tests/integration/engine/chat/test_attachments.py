"""Images reach the model and are kept in a bucket that speaks S3; whoever may read gets them back."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bench import stack
from support import bucket
from support.bucket import Storage
from support.chat import Chat

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PICTURE = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{base64.b64encode(PNG).decode()}"},
}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An engine with a bucket, beside the shared one without."""

    chat: Chat
    engine: stack.Engine
    admin: stack.Admin
    storage: Storage

    async def ask(self, *content: Any, chat_id: str) -> int:
        body = {
            "model": self.chat.slug,
            "chat_id": chat_id,
            "messages": [{"role": "user", "content": list(content)}],
        }
        url = f"{self.engine.url}/v1/chat/completions"
        headers = {"authorization": f"Bearer {self.chat.key}"}
        async with self.chat.http.post(url, json=body, headers=headers) as answer:
            return answer.status

    async def get(self, attachment_id: Any, token: str | None) -> aiohttp.ClientResponse:
        url = f"{self.engine.url}/api/attachments/{attachment_id}"
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = await self.chat.http.get(url, headers=headers)
        await answer.read()
        return answer

    async def row(self, chat_id: str, count: int) -> list[Any]:
        """Wait for the rows of a conversation."""
        query = (
            "SELECT a.* FROM attachments a JOIN turns t ON t.id = a.turn_id"
            " JOIN conversations c ON c.id = t.conversation_id WHERE c.external_id = $1"
        )
        async with asyncio.timeout(20):
            while True:
                rows: list[Any] = await self.chat.database.fetch(query, f"api-{chat_id}")
                if len(rows) == count:
                    return rows
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept(chat: Chat) -> AsyncIterator[Kept]:
    with bucket.running(chat.folder / "bucket.log") as storage:
        options = replace(chat.options, variables=storage.variables)
        async with stack.engine(chat.folder, options) as engine:
            yield Kept(chat=chat, engine=engine, admin=chat.admin, storage=storage)


async def test_an_image_reaches_the_model_and_is_kept_by_its_content(kept: Kept) -> None:
    text = {"type": "text", "text": "what is this?"}

    assert await kept.ask(text, PICTURE, PICTURE, chat_id="seen") == 200

    [row] = await kept.row("seen", 1)
    assert (row["media_type"], row["size"]) == ("image/png", len(PNG))
    assert kept.storage.keys() == [f"attachments/{row['agent_id']}/{row['digest'].hex()}"]
    answer = await kept.get(row["id"], kept.admin.token)
    assert await answer.read() == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "inline"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_nobody_else_gets_it(kept: Kept) -> None:
    assert await kept.ask(PICTURE, chat_id="closed") == 200
    [row] = await kept.row("closed", 1)

    assert (await kept.get(row["id"], None)).status == 401
    assert (await kept.get(row["id"], kept.chat.key)).status in {401, 403}
    for wrong in ("00000000-0000-7000-8000-000000000000", "..%2f..", "x"):
        assert (await kept.get(wrong, kept.admin.token)).status == 404


async def test_an_answer_does_not_wait_for_a_bucket_that_is_away(kept: Kept) -> None:
    away = {**kept.storage.variables, "PLATFORM_S3_ENDPOINT": "http://127.0.0.1:1"}
    options = replace(kept.chat.options, variables=away)

    async with stack.engine(kept.chat.folder, options) as engine:
        lost = replace(kept, engine=engine)
        assert await lost.ask(PICTURE, chat_id="lost") == 200
        await _lost(lost)

    assert await kept.row("lost", 0) == []


async def test_without_a_bucket_images_reach_the_model_and_nothing_is_kept(chat: Chat) -> None:
    status, _, _ = await chat.post(
        {"model": chat.slug, "messages": [{"role": "user", "content": [PICTURE]}], "chat_id": "no"}
    )

    assert status == 200
    assert await chat.messages("no") == [("user", ""), ("assistant", "You said: ")]


async def _lost(kept: Kept) -> None:
    """Wait until the engine has counted a loss."""
    async with asyncio.timeout(30):
        while True:
            async with kept.chat.http.get(f"{kept.engine.metrics_url}/metrics") as answer:
                if 'polyant_attachments_total{outcome="lost"} 1.0' in await answer.text():
                    return
            await asyncio.sleep(0.1)

"""Clients go away, engines die: the model stops, and what is stored stays consistent."""

import asyncio
import json
import signal

import aiohttp
import pytest

from bench import stack
from support.chat import Chat, events

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


async def start_stream(chat: Chat, engine: stack.Engine, chat_id: str) -> aiohttp.ClientResponse:
    """Ask for a slow answer and return once its first words are here."""
    answer = await chat.http.post(
        f"{engine.url}/v1/chat/completions",
        json=chat.body("slow", stream=True, chat_id=chat_id),
        headers={"authorization": f"Bearer {chat.key}"},
    )
    seen = b""
    while b"one" not in seen:
        seen += await answer.content.readany()
    return answer


async def test_a_client_that_leaves_a_stream_cancels_the_model_and_keeps_what_came(
    chat: Chat,
) -> None:
    answer = await start_stream(chat, chat.engine, "leaver")
    answer.close()

    turn = await chat.turn_ends("leaver")

    assert (turn["state"], turn["error"]) == ("cancelled", "turn_cancelled")
    assert turn["usage_estimated"]
    assert turn["output_tokens"] > 0
    stored = await chat.messages("leaver")
    assert [role for role, _ in stored] == ["user", "assistant"]
    assert "one two three".startswith(stored[1][1][:3])
    assert len(stored[1][1]) < 40


async def test_a_client_that_leaves_a_plain_request_cancels_the_turn(chat: Chat) -> None:
    with pytest.raises(asyncio.TimeoutError):
        async with asyncio.timeout(0.5):
            await chat.post(chat.body("hang", chat_id="plain-leaver"))

    turn = await chat.turn_ends("plain-leaver")

    assert turn["state"] == "cancelled"
    assert await chat.messages("plain-leaver") == [("user", "hang")]
    status, _, _ = await chat.post(chat.body("again", chat_id="plain-leaver"))
    assert status == 200


async def test_a_killed_engine_leaves_a_conversation_that_goes_on(chat: Chat) -> None:
    victim = await stack.start_engine(chat.folder, chat.options)
    answer = await start_stream(chat, victim, "killed")
    victim.child.kill()
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()
    await victim.child.wait()
    assert (await chat.turn("killed"))["state"] == "running"

    # The other engine waits for the lease (10 s), abandons the turn, and answers.
    status, _, _ = await chat.post(chat.body("still there?", chat_id="killed"))
    if status == 409:
        status, _, _ = await chat.post(chat.body("still there?", chat_id="killed"))

    assert status == 200
    states = await chat.database.fetch(
        "SELECT t.state, t.error FROM turns t JOIN conversations c ON c.id = t.conversation_id"
        " WHERE c.external_id = 'api-killed' ORDER BY t.first_seq"
    )
    assert [tuple(row) for row in states] == [("abandoned", "lease_expired"), ("done", None)]
    assert await chat.messages("killed") == [
        ("user", "slow"),
        ("user", "still there?"),
        ("assistant", "You said: still there?"),
    ]


async def test_a_stopping_engine_finishes_the_answer(chat: Chat) -> None:
    engine = await stack.start_engine(chat.folder, chat.options)
    answer = await start_stream(chat, engine, "drained")
    engine.child._process.send_signal(signal.SIGTERM)

    found = await events(answer)

    assert found[-1] == "[DONE]"
    assert await engine.child.wait() == 0
    turn = await chat.turn("drained")
    assert turn["state"] == "done"
    logged = await chat.database.fetchval(
        "SELECT outcome FROM ai_logs WHERE turn_id = $1", turn["id"]
    )
    assert logged == "ok"


async def test_a_turn_that_was_taken_over_is_not_committed(chat: Chat) -> None:
    answer = await start_stream(chat, chat.engine, "stolen")
    await chat.database.execute(
        "UPDATE turns SET attempt = attempt + 1 WHERE id = $1", (await chat.turn("stolen"))["id"]
    )

    found = await events(answer)

    assert "[DONE]" not in found
    assert json.loads(found[-1])["error"]["code"] == "turn_lost"
    assert await chat.messages("stolen") == [("user", "slow")]


async def test_a_database_that_goes_away_and_comes_back_is_survived(chat: Chat) -> None:
    await chat.database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'polyant-engine'"
    )

    async with asyncio.timeout(10):
        while True:
            status, answer, _ = await chat.post(chat.body("hello", chat_id="reconnect"))
            if status == 200:
                break
            assert answer["error"]["code"] == "database_unavailable"

    assert (await chat.messages("reconnect"))[-1] == ("assistant", "You said: hello")

"""The official OpenAI client talks to an agent, plain and streamed, and everything is stored."""

import asyncio
import json

import pytest

from support.chat import Chat, events

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


async def test_a_plain_answer_with_real_usage(chat: Chat) -> None:
    async with chat.client() as client:
        answer = await client.chat.completions.create(
            model=chat.slug, messages=[{"role": "user", "content": "usage please"}]
        )

    assert answer.choices[0].message.content == "counted"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (1000, 500)
    assert answer.usage.prompt_tokens_details is not None
    assert answer.usage.prompt_tokens_details.cached_tokens == 200
    assert answer.model == chat.slug
    assert answer.id.startswith("chatcmpl-")


async def test_a_streamed_answer_with_usage(chat: Chat) -> None:
    async with chat.client() as client:
        stream = await client.chat.completions.create(
            model=chat.slug,
            messages=[{"role": "user", "content": "hello"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]

    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(texts) == "You said: hello"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 4


async def test_usage_stays_out_of_a_stream_that_did_not_ask(chat: Chat) -> None:
    async with chat.http.post(
        f"{chat.engine.url}/v1/chat/completions",
        json=chat.body("hello", stream=True),
        headers={"authorization": f"Bearer {chat.key}"},
    ) as answer:
        found = await events(answer)

    assert found[-1] == "[DONE]"
    assert not any("usage" in json.loads(event) for event in found[:-1])


async def test_a_conversation_remembers(chat: Chat) -> None:
    for text in ("first", "second"):
        status, _, _ = await chat.post(chat.body(text, chat_id="memory"))
        assert status == 200

    assert await chat.messages("memory") == [
        ("user", "first"),
        ("assistant", "You said: first"),
        ("user", "second"),
        ("assistant", "You said: second"),
    ]
    turn = await chat.turn("memory")
    # The system prompt, both messages of the first turn, and the second question: estimated by
    # the scripted model from what it really got.
    assert turn["input_tokens"] > 20


async def test_the_callers_history_is_imported_into_a_new_conversation_only(chat: Chat) -> None:
    history = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "earlier"},
        {"role": "assistant", "content": "yes?"},
        {"role": "user", "content": "now"},
    ]

    await chat.post(chat.body("", messages=history, chat_id="import"))
    await chat.post(chat.body("", messages=history, chat_id="import"))

    assert await chat.messages("import") == [
        ("user", "earlier"),
        ("assistant", "yes?"),
        ("user", "now"),
        ("assistant", "You said: now"),
        ("user", "now"),
        ("assistant", "You said: now"),
    ]


async def test_content_parts_are_joined(chat: Chat) -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]

    _, answer, _ = await chat.post(chat.body("", messages=[{"role": "user", "content": parts}]))

    assert answer["choices"][0]["message"]["content"] == "You said: ab"


async def test_max_tokens_is_honoured(chat: Chat) -> None:
    _, answer, _ = await chat.post(chat.body("long", max_tokens=2))

    assert answer["choices"][0]["message"]["content"] == "abcdefgh"
    assert answer["choices"][0]["finish_reason"] == "length"


async def test_a_prompt_of_one_megabyte_is_answered(chat: Chat) -> None:
    text = "x" * 1024 * 1024

    status, answer, _ = await chat.post(chat.body(text))

    assert status == 200
    assert answer["choices"][0]["message"]["content"] == f"You said: {text}"


async def test_a_flaky_provider_is_asked_again(chat: Chat) -> None:
    status, answer, _ = await chat.post(chat.body("flaky"))

    assert (status, answer["choices"][0]["message"]["content"]) == (200, "third time lucky")


async def test_models_are_listed_for_the_key_and_for_a_person(chat: Chat) -> None:
    async with chat.client() as client:
        of_key = [model.id async for model in client.models.list()]
    await chat.admin.new_agent("another")
    async with chat.client(chat.admin.token) as client:
        of_person = [model.id async for model in client.models.list()]

    assert of_key == ["helper"]
    assert set(of_person) >= {"another", "helper"}


async def test_a_person_with_a_session_may_chat_in_conversations_of_their_own(chat: Chat) -> None:
    await chat.post(chat.body("as a program", chat_id="shared"))
    status, _, _ = await chat.post(chat.body("as a person", chat_id="shared"), key=chat.admin.token)

    assert status == 200
    assert await chat.messages("shared") == [
        ("user", "as a program"),
        ("assistant", "You said: as a program"),
    ]


async def test_the_limit_is_told_in_headers(chat: Chat) -> None:
    _, _, headers = await chat.post(chat.body("x"))

    assert headers["x-ratelimit-limit-requests"] == "600"
    assert 0 < int(headers["x-ratelimit-remaining-requests"]) < 600


async def test_model_calls_are_logged(chat: Chat) -> None:
    await chat.post(chat.body("usage", chat_id="logged"))
    turn = await chat.turn("logged")
    await asyncio.sleep(0.6)

    row = await chat.database.fetchrow("SELECT * FROM ai_logs WHERE turn_id = $1", turn["id"])

    assert (row["outcome"], row["input_tokens"], row["cached_tokens"]) == ("ok", 1000, 200)
    assert row["cost_usd"] is None  # nobody knows the price of the scripted model
    assert not row["usage_estimated"]


async def test_one_conversation_runs_one_turn_at_a_time(chat: Chat) -> None:
    bodies = [chat.body(f"question {n}", chat_id="queue") for n in range(6)]

    answers = await asyncio.gather(*(chat.post(body) for body in bodies))

    assert [status for status, _, _ in answers] == [200] * 6
    stored = await chat.messages("queue")
    assert len(stored) == 12
    for question, answer in zip(stored[::2], stored[1::2], strict=True):
        assert answer == ("assistant", f"You said: {question[1]}")


async def test_a_conversation_that_stays_busy_is_a_conflict(chat: Chat) -> None:
    slow = asyncio.create_task(chat.post(chat.body("hang", chat_id="busy")))
    await asyncio.sleep(0.3)

    status, answer, headers = await chat.post(chat.body("second", chat_id="busy"))
    slow.cancel()

    assert (status, answer["error"]["code"]) == (409, "conversation_busy")
    assert headers["retry-after"] == "1"

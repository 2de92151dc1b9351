"""Everything that goes wrong has the right status in OpenAI's shape."""

import json
from typing import Any

import openai
import pytest

from support.chat import Chat, events

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


def code(answer: Any) -> str:
    assert set(answer) == {"error"}
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    found: str = answer["error"]["code"]
    return found


async def test_no_key_and_a_wrong_key_and_an_unknown_model_without_a_key_look_alike(
    chat: Chat,
) -> None:
    answers = [
        await chat.post(chat.body("x"), key=None),
        await chat.post(chat.body("x"), key="pk_wrong"),
        await chat.post(chat.body("x"), key="anything"),
        await chat.post(chat.body("x", model="no-such-agent"), key=None),
        await chat.post(chat.body("x", model="no-such-agent"), key="pk_wrong"),
        await chat.post(chat.body("x"), key="ps_wrong"),
    ]

    assert [status for status, _, _ in answers] == [401] * 6
    assert len({json.dumps(answer) for _, answer, _ in answers}) == 1
    assert code(answers[0][1]) == "invalid_api_key"


async def test_the_official_client_sees_its_own_exceptions(chat: Chat) -> None:
    async with chat.client("pk_wrong") as client:
        with pytest.raises(openai.AuthenticationError):
            await client.chat.completions.create(
                model=chat.slug, messages=[{"role": "user", "content": "x"}]
            )


async def test_a_key_opens_its_own_agent_only(chat: Chat) -> None:
    other, _ = await chat.admin.new_agent()

    for slug in ("no-such-agent", other):
        status, answer, _ = await chat.post(chat.body("x", model=slug))
        assert (status, code(answer)) == (404, "model_not_found")


async def test_a_new_agent_is_closed_until_it_is_opened_on_purpose(chat: Chat) -> None:
    slug, _ = await chat.admin.new_agent()
    closed, _, _ = await chat.post(chat.body("x", model=slug), key=None)

    await chat.admin.call("PATCH", f"/api/instances/{slug}", {"authEnabled": False})
    opened, _, _ = await chat.post(chat.body("x", model=slug), key=None)
    with_any_key, _, _ = await chat.post(chat.body("x", model=slug), key="sk-none")

    assert (closed, opened, with_any_key) == (401, 200, 200)


async def test_an_inactive_or_deleted_agent_is_gone(chat: Chat) -> None:
    slug, key = await chat.admin.new_agent()
    await chat.admin.call("PATCH", f"/api/instances/{slug}", {"status": "inactive"})
    inactive, _, _ = await chat.post(chat.body("x", model=slug), key=key)
    await chat.admin.call("DELETE", f"/api/instances/{slug}")
    deleted, _, _ = await chat.post(chat.body("x", model=slug), key=key)

    assert (inactive, deleted) == (404, 401)


@pytest.mark.parametrize(
    ("raw", "where"),
    [(b"{", "line 1"), (b"", "line 1"), (b"\xff", "line 1"), (b"[]", "ChatBody"), (b"null", "")],
)
async def test_malformed_json_is_a_bad_request(chat: Chat, raw: bytes, where: str) -> None:
    status, answer, _ = await chat.post(None, raw=raw)

    assert status == 400
    assert answer["error"]["type"] == "invalid_request_error"
    assert where in answer["error"]["message"]


async def test_every_violation_is_reported_at_once(chat: Chat) -> None:
    body = {"model": "A!", "messages": [{"role": "robot", "content": 5}], "temperature": 3}

    status, answer, _ = await chat.post(body)

    assert status == 400
    assert answer["error"]["param"] == "model"
    for part in ("model:", "messages.0.role:", "messages.0.content:", "temperature:"):
        assert part in answer["error"]["message"]


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "role user"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "data URL"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "'input_audio'"),
        ({"messages": [{"role": "user", "content": "nul \x00"}]}, "U+0000"),
        ({"n": 2}, "n"),
        ({"tools": [{}]}, "tools"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"chat_id": ""}, "chat_id"),
        ({"chat_id": "x" * 129}, "chat_id"),
        ({"stream": "maybe"}, "stream"),
    ],
)
async def test_what_cannot_be_honoured_is_refused(
    chat: Chat, fields: dict[str, Any], part: str
) -> None:
    status, answer, _ = await chat.post(chat.body("x", **fields))

    assert status == 400
    assert part in answer["error"]["message"]


async def test_a_body_above_the_limit_is_too_large(chat: Chat) -> None:
    status, answer, _ = await chat.post(chat.body("x" * (8 * 1024 * 1024 + 1)))

    assert (status, code(answer)) == (413, "body_too_large")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("text", "status", "expected"),
    [
        ("unauthorized", 502, "upstream_unauthorized"),
        ("limited", 503, "upstream_rate_limited"),
        ("broken", 503, "upstream_unavailable"),
        ("too long", 400, "context_length_exceeded"),
    ],
)
async def test_a_provider_error_comes_before_any_stream(
    chat: Chat, text: str, status: int, expected: str, *, stream: bool
) -> None:
    chat_id = f"{expected}-{stream}"

    found, answer, headers = await chat.post(chat.body(text, stream=stream, chat_id=chat_id))

    assert (found, code(answer)) == (status, expected)
    assert "sk-secret" not in answer["error"]["message"]
    assert expected != "upstream_rate_limited" or headers["retry-after"] == "30"
    turn = await chat.turn(chat_id)
    assert (turn["state"], turn["error"]) == ("failed", expected)
    assert await chat.messages(chat_id) == [("user", text)]


async def test_a_provider_that_breaks_off_plainly_is_a_bad_gateway(chat: Chat) -> None:
    status, answer, _ = await chat.post(chat.body("cut"))

    assert (status, code(answer)) == (502, "upstream_broken")


async def test_a_stream_that_breaks_off_ends_in_an_error_and_without_done(chat: Chat) -> None:
    async with chat.http.post(
        f"{chat.engine.url}/v1/chat/completions",
        json=chat.body("cut", stream=True, chat_id="cut"),
        headers={"authorization": f"Bearer {chat.key}"},
    ) as answer:
        found = await events(answer)

    assert answer.status == 200
    assert "[DONE]" not in found
    assert code(json.loads(found[-1])) == "upstream_broken"
    turn = await chat.turn("cut")
    assert (turn["state"], turn["usage_estimated"]) == ("failed", True)
    assert await chat.messages("cut") == [("user", "cut"), ("assistant", "01234567890123456789")]
    status, _, _ = await chat.post(chat.body("and now?", chat_id="cut"))
    assert status == 200


async def test_an_agent_without_a_model_says_what_is_missing(chat: Chat) -> None:
    slug, key = await chat.admin.new_agent(model=None)
    without_key, openai_key = await chat.admin.new_agent(provider="openai", model="gpt-4o")

    _, no_model, _ = await chat.post(chat.body("x", model=slug), key=key)
    status, no_key, _ = await chat.post(chat.body("x", model=without_key), key=openai_key)

    assert code(no_model) == code(no_key) == "model_not_configured"
    assert status == 503
    assert "openai_api_key" in no_key["error"]["message"]


async def test_other_methods_and_paths_keep_the_shape(chat: Chat) -> None:
    async with chat.http.get(f"{chat.engine.url}/v1/chat/completions") as answer:
        assert answer.status == 405
        assert code(await answer.json()) is None
    async with chat.http.get(f"{chat.engine.url}/v1/nothing") as answer:
        assert answer.status == 404
        assert set(await answer.json()) == {"error"}
    async with chat.http.get(f"{chat.engine.url}/v1/models") as answer:
        assert answer.status == 401

"""A user's view through the edge: the official client of OpenAI, and what wrong requests get."""

import json
from collections.abc import Iterator

import openai
import pytest

from support.endtoend import Installation

pytestmark = pytest.mark.e2e

UNAUTHORIZED, NOT_FOUND, BAD_REQUEST, TOO_LARGE = 401, 404, 400, 413


@pytest.fixture
def client(acme: Installation, key: str) -> Iterator[openai.OpenAI]:
    host = acme.cluster.host(acme.host_name)
    base = f"http://{acme.cluster.edge}/v1"
    with openai.OpenAI(api_key=key, base_url=base, default_headers={"Host": host}) as found:
        yield found


def error_of(body: bytes) -> dict[str, object]:
    error = json.loads(body)["error"]
    assert {"message", "type", "param", "code"} <= set(error)
    return dict(error)


def test_a_plain_answer_comes_with_real_usage(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="hello", messages=[{"role": "user", "content": "good morning"}]
    )

    assert answer.choices[0].message.content == "You said: good morning"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.prompt_tokens > 0


def test_a_streamed_answer_arrives_in_pieces_and_ends_with_usage(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="hello",
        messages=[{"role": "user", "content": "slowly"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)

    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == "one two three four five six seven eight nine ten"
    assert len([piece for piece in pieces if piece]) > 1
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


def test_the_agents_are_the_models(client: openai.OpenAI) -> None:
    assert "hello" in [model.id for model in client.models.list()]


def test_a_wrong_key_is_refused_the_same_for_every_model(acme: Installation) -> None:
    known = acme.ask("hello", "pk_wrong", "hi")
    unknown = acme.ask("nobody", "pk_wrong", "hi")

    assert (known.status, unknown.status) == (UNAUTHORIZED, UNAUTHORIZED)
    assert error_of(known.body) == error_of(unknown.body)


def test_an_unknown_model_is_not_found(acme: Installation, key: str) -> None:
    answer = acme.ask("nobody", key, "hi")

    assert answer.status == NOT_FOUND
    assert error_of(answer.body)["code"] == "model_not_found"


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'{"model": "hello"}', b"\xff\xfe"])
def test_a_malformed_body_is_a_bad_request(acme: Installation, key: str, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answer = acme.client().request("POST", "/v1/chat/completions", body, headers)

    assert answer.status == BAD_REQUEST
    assert error_of(answer.body)["type"] == "invalid_request_error"


def test_a_prompt_of_a_megabyte_is_answered(acme: Installation, key: str) -> None:
    answer = acme.ask("hello", key, "x" * (1 << 20))

    assert answer.status == 200, answer.text[:500]
    assert answer.json()["choices"][0]["message"]["content"] == "That was long."


def test_a_body_above_the_limit_is_too_large(acme: Installation, key: str) -> None:
    answer = acme.ask("hello", key, "x" * (9 << 20))

    assert answer.status == TOO_LARGE
    error_of(answer.body)

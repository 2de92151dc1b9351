"""Provider answers are read as they are meant, and nothing they send breaks us."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyant_engine.gateway import errors, openai_wire, ports

TARGET = ports.Target(provider="main", base_url="http://x/v1", model="m", api_key=None)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "message", "content", "tool_calls", "usage", "index"]
            ),
            inner,
            max_size=4,
        )
    ),
)


def test_only_what_was_asked_for_is_sent() -> None:
    request = ports.ChatRequest(messages=[ports.Message(role="user", content="hi")])

    body = orjson.loads(openai_wire.build_body(TARGET, request))

    assert body == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_sampling_is_honoured_and_usage_is_asked_for() -> None:
    sampling = ports.Sampling(temperature=0.0, top_p=0.5, max_tokens=7, stop=["\n"])
    request = ports.ChatRequest(messages=[], sampling=sampling, stream=True)

    body = orjson.loads(openai_wire.build_body(TARGET, request))

    assert body == {
        "model": "m",
        "messages": [],
        "temperature": 0.0,
        "top_p": 0.5,
        "max_tokens": 7,
        "stop": ["\n"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_openai_itself_gets_the_new_name_of_the_token_limit() -> None:
    target = ports.Target(
        provider="openai", base_url="https://api.openai.com/v1", model="o3", api_key="k"
    )
    request = ports.ChatRequest(messages=[], sampling=ports.Sampling(max_tokens=7))

    body = orjson.loads(openai_wire.build_body(target, request))

    assert body == {"model": "o3", "messages": [], "max_completion_tokens": 7}


def test_an_answer_is_one_delta() -> None:
    raw = orjson.dumps(
        {
            "choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": 9,
                "completion_tokens": 3,
                "prompt_tokens_details": {"cached_tokens": 4},
            },
        }
    )

    assert openai_wire.read_answer(raw) == ports.Delta(
        text="hello",
        finish_reason="stop",
        usage=ports.Usage(input_tokens=9, output_tokens=3, cached_tokens=4),
    )


def test_tool_call_deltas_are_passed() -> None:
    call = {"index": 1, "id": "c1", "function": {"name": "f", "arguments": '{"a'}}

    delta = openai_wire.read_chunk(orjson.dumps({"choices": [{"delta": {"tool_calls": [call]}}]}))

    assert list(delta.tool_calls) == [
        ports.ToolCallDelta(index=1, id="c1", name="f", arguments='{"a')
    ]


def test_a_character_that_cannot_be_stored_is_replaced() -> None:
    raw = orjson.dumps({"choices": [{"delta": {"content": "a\x00b"}}]})

    assert openai_wire.read_chunk(raw).text == "a\ufffdb"


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(["choices", "usage", "delta"]), JSON, max_size=3))
def test_any_json_object_is_a_delta(body: dict[str, Any]) -> None:
    delta = openai_wire.read_chunk(orjson.dumps(body))

    assert isinstance(delta.text, str)


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"\xff\xfe", b'{"choices":[]}', b"<html>"])
def test_what_is_no_answer_is_said_to_be_broken(raw: bytes) -> None:
    with pytest.raises(errors.ModelBroken):
        openai_wire.read_answer(raw)


@pytest.mark.parametrize(
    ("status", "body", "kind", "ours"),
    [
        (400, {"error": {"message": "no", "code": "x"}}, errors.PromptRejected, 400),
        (400, {"error": {"code": "context_length_exceeded"}}, errors.ContextTooLong, 400),
        (401, {"error": {"message": "bad key sk-123"}}, errors.ModelUnauthorized, 502),
        (403, {}, errors.ModelUnauthorized, 502),
        (404, {}, errors.ModelMissing, 502),
        (408, {}, errors.ModelTimeout, 504),
        (429, {}, errors.ModelRateLimited, 503),
        (418, {}, errors.ModelError, 502),
        (500, {}, errors.ModelUnavailable, 503),
        (302, {}, errors.ModelError, 502),
    ],
)
def test_every_status_has_its_meaning(
    status: int, body: Any, kind: type[errors.ModelError], ours: int
) -> None:
    error = openai_wire.read_error(status, orjson.dumps(body))

    assert type(error) is kind
    assert error.status == ours


def test_a_callers_message_never_repeats_the_providers_text() -> None:
    error = openai_wire.read_error(401, b'{"error":{"message":"bad key sk-123"}}')

    assert "sk-123" not in error.message
    assert "sk-123" in error.detail


def test_an_error_inside_a_stream_is_one() -> None:
    with pytest.raises(errors.ModelUnavailable):
        openai_wire.read_chunk(b'{"error":{"message":"overloaded"}}')


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("2", 2), ("0.5", 0.5), ("x", None), ("-1", None), ("nan", None), ("inf", None)],
)
def test_retry_after_is_read_in_seconds_only(value: str | None, seconds: float | None) -> None:
    assert openai_wire.read_retry_after(value) == seconds


def test_images_go_as_data_urls_after_the_text() -> None:
    image = ports.Image(media_type="image/png", data=b"abc")
    message = ports.Message(role="user", content="what is this?", images=(image,))

    sent = orjson.loads(openai_wire.build_body(TARGET, ports.ChatRequest(messages=[message])))

    assert sent["messages"][0]["content"] == [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,YWJj"}},
    ]

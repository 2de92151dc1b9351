"""Answers are exactly OpenAI's wire format."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from polyant_engine.completions import wire
from polyant_engine.conversations.errors import TurnLost
from polyant_engine.gateway.ports import Usage

ENVELOPE = wire.Envelope(id="chatcmpl-1", created=7, model="helper")
USAGE = Usage(input_tokens=3, output_tokens=4, cached_tokens=1)
USAGE_OBJECT = {
    "prompt_tokens": 3,
    "completion_tokens": 4,
    "total_tokens": 7,
    "prompt_tokens_details": {"cached_tokens": 1},
}


def test_a_whole_answer() -> None:
    assert orjson.loads(wire.completion(ENVELOPE, "hi", "stop", USAGE)) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 7,
        "model": "helper",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hi"},
                "finish_reason": "stop",
            }
        ],
        "usage": USAGE_OBJECT,
    }


@given(st.text())
def test_a_piece_of_text_survives_its_template(text: str) -> None:
    raw = wire.Chunks(ENVELOPE).text(text)

    assert raw.startswith(b"data: ")
    assert raw.endswith(b"\n\n")
    assert b"\n" not in raw[:-2]
    event = orjson.loads(raw.removeprefix(b"data: "))
    assert event["choices"] == [{"index": 0, "delta": {"content": text}, "finish_reason": None}]
    assert event["object"] == "chat.completion.chunk"


def test_a_stream_ends_with_finish_reason_usage_and_done() -> None:
    raw = wire.Chunks(ENVELOPE).closing("length", USAGE, with_usage=True)

    first, second, done = raw.strip().split(b"\n\n")
    assert orjson.loads(first[6:])["choices"][0]["finish_reason"] == "length"
    assert orjson.loads(second[6:])["choices"] == []
    assert orjson.loads(second[6:])["usage"] == USAGE_OBJECT
    assert done == b"data: [DONE]"


def test_a_failure_is_an_event_in_the_error_shape_without_done() -> None:
    raw = wire.failure(TurnLost())

    assert b"[DONE]" not in raw
    assert orjson.loads(raw[6:])["error"]["code"] == "turn_lost"

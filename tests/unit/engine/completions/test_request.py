"""A request is understood as its caller means it."""

from typing import Any

import pytest

from polyant_engine.completions.request import ChatBody, build_request
from polyant_engine.conversations.model import Caller
from polyant_engine.core.calls import validate
from polyant_engine.core.errors import BadRequest
from polyant_engine.gateway.ports import Message, Sampling


def body(*messages: dict[str, Any], **fields: Any) -> ChatBody:
    return validate(ChatBody, {"model": "helper", "messages": list(messages)} | fields)


def test_the_last_user_message_is_the_question() -> None:
    found = build_request(
        body(
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": None},
            {"role": "developer", "content": "be kind"},
            {"role": "user", "content": "b"},
            {"role": "assistant", "content": "a start that is not continued"},
        ),
        Caller(),
    )

    assert found.text == "b"
    assert found.earlier == [
        Message(role="user", content="a"),
        Message(role="assistant", content=""),
    ]
    assert found.instructions == ["be brief", "be kind"]


def test_sampling_is_passed_on() -> None:
    question = {"role": "user", "content": "x"}

    found = build_request(
        body(question, temperature=0, top_p=0.5, max_completion_tokens=9, max_tokens=5, stop="\n"),
        Caller(),
    )

    assert found.sampling == Sampling(temperature=0, top_p=0.5, max_tokens=9, stop=["\n"])


def test_unknown_fields_pass() -> None:
    assert body({"role": "user", "content": "x", "name": "n"}, seed=1, user="u").model == "helper"


@pytest.mark.parametrize("slug", ["", "-a", "A", "a b", "a" * 129, "a\x00"])
def test_a_model_that_cannot_be_one_is_refused(slug: str) -> None:
    with pytest.raises(BadRequest) as raised:
        body({"role": "user", "content": "x"}, model=slug)

    assert raised.value.param == "model"


def test_a_thousand_messages_are_the_limit() -> None:
    with pytest.raises(BadRequest, match="messages"):
        body(*[{"role": "user", "content": "x"}] * 1001)


PNG = "data:image/png;base64,iVBORw0KGgo="


def test_images_of_the_question_and_of_earlier_messages_go_on() -> None:
    picture = {"type": "image_url", "image_url": {"url": PNG}}
    found = build_request(
        body(
            {"role": "user", "content": [picture]},
            {"role": "assistant", "content": "nice"},
            {"role": "user", "content": [{"type": "text", "text": "and this?"}, picture]},
        ),
        Caller(),
    )

    assert (found.text, len(found.images)) == ("and this?", 1)
    assert [len(message.images) for message in found.earlier] == [1, 0]


def test_only_people_show_images() -> None:
    picture = {"type": "image_url", "image_url": {"url": PNG}}

    with pytest.raises(BadRequest, match="role user"):
        body({"role": "assistant", "content": [picture]}, {"role": "user", "content": "x"})


def test_a_character_that_cannot_be_stored_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"U\+0000"):
        body({"role": "user", "content": "a\x00b"})

"""Parts as calls, and errors as outcomes."""

import uuid
from typing import Any

import pytest

from polyant_engine.channels import model
from polyant_engine.channels.model import (
    Address,
    Attachment,
    AttachmentKind,
    Content,
    Part,
    RetryAfter,
    Sent,
    Unknown,
)
from polyant_engine.channels.telegram import api, sending

ENTITIES = [{"type": "bold", "offset": 0, "length": 2}]
PHOTO = Attachment(kind=AttachmentKind.PHOTO, reference="file-1")


def part(text: str = "hi", *files: Attachment, **more: Any) -> Part:
    return Part(
        **{
            "id": uuid.UUID(int=1),
            "key": "k",
            "channel_id": uuid.UUID(int=2),
            "address": Address(chat="-5"),
            "content": Content(
                text=text, attachments=files, formatting={"entities": more.pop("entities", [])}
            ),
            "reply_to": None,
            "attempt": 1,
            **more,
        }
    )


def test_a_text_is_sent_with_entities_and_no_markup() -> None:
    found = sending.call(part(entities=ENTITIES))

    assert found.method == "sendMessage"
    assert found.arguments == {"chat_id": -5, "text": "hi", "entities": ENTITIES}


def test_a_reply_in_a_topic_is_one_although_the_message_may_be_gone() -> None:
    found = sending.call(part(address=Address(chat="-5", thread="8"), reply_to="33"))

    assert found.arguments["message_thread_id"] == 8
    assert found.arguments["reply_parameters"] == {
        "message_id": 33,
        "allow_sending_without_reply": True,
    }


@pytest.mark.parametrize(
    ("kind", "method", "name"),
    [
        (AttachmentKind.PHOTO, "sendPhoto", "photo"),
        (AttachmentKind.DOCUMENT, "sendDocument", "document"),
        (AttachmentKind.VOICE, "sendVoice", "voice"),
        (AttachmentKind.AUDIO, "sendAudio", "audio"),
        (AttachmentKind.VIDEO, "sendVideo", "video"),
    ],
)
def test_a_file_is_sent_as_what_it_is(kind: AttachmentKind, method: str, name: str) -> None:
    found = sending.call(part("hi", Attachment(kind=kind, reference="f"), entities=ENTITIES))

    assert found.method == method
    assert found.arguments == {
        "chat_id": -5,
        name: "f",
        "caption": "hi",
        "caption_entities": ENTITIES,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        part(""),
        part(" \n"),
        part("x", PHOTO, PHOTO),
        part(address=Address(chat="C012")),
        part(address=Address(chat="-5", thread="1.2")),
        part(reply_to="SM1"),
    ],
)
def test_what_can_be_no_message_is_said_before_anything_is_sent(wrong: Part) -> None:
    assert sending.problem(wrong)


def test_what_can_be_one_is_no_problem() -> None:
    assert sending.problem(part()) is None
    assert sending.problem(part("", PHOTO)) is None


def test_an_answer_without_a_message_is_doubt() -> None:
    assert sending.sent({"message_id": 4}) == Sent("4")
    assert isinstance(sending.sent({"ok": 1}), Unknown)
    assert isinstance(sending.sent(True), Unknown)  # noqa: FBT003  what a vendor may answer


def refused(code: int, **parameters: Any) -> api.Refused:
    return api.Refused(code, "No", parameters)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (api.NotWritten("away"), model.Refused(reason="away", is_permanent=False)),
        (api.NotUnderstood("late"), Unknown("late")),
        (refused(400), model.Refused(reason="No", is_permanent=True)),
        (refused(403), model.Refused(reason="No", is_permanent=True)),
        (refused(401), model.Refused(reason="No", is_permanent=False)),
        (refused(429, retry_after=8), RetryAfter(seconds=8, reason="No")),
        (refused(429), RetryAfter(seconds=5, reason="No")),
        (refused(429, retry_after=-3), RetryAfter(seconds=1, reason="No")),
    ],
)
def test_every_error_has_its_outcome(error: api.BotApiError, expected: model.Outcome) -> None:
    assert sending.failed(error) == expected


def test_a_third_chat_that_has_to_wait_makes_the_bot_wait() -> None:
    waits = sending.Waits()

    assert not waits.add("1", 10, 0)
    assert not waits.add("1", 10, 1)
    assert not waits.add("2", 10, 2)
    assert waits.add("3", 10, 3)
    assert not waits.add("4", 10, 60)


def test_a_refused_look_can_be_left_away() -> None:
    looks = api.Refused(400, "Bad Request: ENTITY_BOUNDS_INVALID", {})
    plain = sending.call(part(entities=ENTITIES)).plain()

    assert sending.is_about_looks(looks)
    assert plain is not None
    assert plain.arguments == {"chat_id": -5, "text": "hi"}
    assert sending.call(part()).plain() is None

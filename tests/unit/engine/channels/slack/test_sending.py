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
from polyant_engine.channels.slack import api, sending

BLOCKS = [{"type": "rich_text", "elements": []}]
TS = "1700000000.000100"


def part(text: str = "hi", *files: Attachment, **more: Any) -> Part:
    given = {
        "id": uuid.UUID(int=1),
        "key": "turn/0",
        "channel_id": uuid.UUID(int=2),
        "address": Address(chat="C012AB3CD", thread=TS),
        "content": Content(text=text, attachments=files, formatting={"blocks": BLOCKS}),
        "reply_to": None,
        "attempt": 1,
        **more,
    }
    return Part(**given)


def test_a_message_goes_into_its_thread_and_nothing_in_it_is_unfurled() -> None:
    found = dict(sending.arguments(part()))

    assert str(uuid.UUID(found["client_msg_id"])) == found.pop("client_msg_id")
    assert found == {
        "channel": "C012AB3CD",
        "thread_ts": TS,
        "text": "hi",
        "blocks": BLOCKS,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def test_a_direct_message_needs_no_thread() -> None:
    assert "thread_ts" not in sending.arguments(part(address=Address(chat="D1A2B")))


def test_every_try_of_a_part_has_the_same_name_and_every_part_another() -> None:
    names = [
        sending.arguments(each)["client_msg_id"]
        for each in (part(), part(attempt=2), part(key="turn/1"), part(channel_id=uuid.uuid4()))
    ]

    assert names[0] == names[1]
    assert len(set(names)) == 3


def test_without_looks_the_same_is_said() -> None:
    found = sending.arguments(part(), is_plain=True)

    assert "blocks" not in found
    assert found["text"] == "hi"
    assert found["client_msg_id"] == sending.arguments(part())["client_msg_id"]


@pytest.mark.parametrize(
    "wrong",
    [
        part(" \n"),
        part("x", Attachment(kind=AttachmentKind.PHOTO, reference="F1")),
        part(address=Address(chat="general")),
        part(address=Address(chat="C012AB3CD", thread="7")),
        part(address=Address(chat="-100200300")),
    ],
)
def test_what_can_be_no_message_is_said_before_anything_is_sent(wrong: Part) -> None:
    assert sending.problem(wrong)


def test_what_can_be_one_is_no_problem() -> None:
    assert sending.problem(part()) is None


def test_that_the_app_is_at_work_shows_in_threads_only() -> None:
    assert sending.status(Address(chat="D1A2B")) is None
    assert sending.status(Address(chat="C1A2B", thread=TS)) == {
        "channel_id": "C1A2B",
        "thread_ts": TS,
        "status": "is typing...",
    }


def test_an_answer_without_a_message_is_doubt() -> None:
    assert sending.sent({"ok": True, "ts": TS}) == Sent(TS)
    assert isinstance(sending.sent({"ok": True}), Unknown)
    assert isinstance(sending.sent({"ok": True, "ts": 5}), Unknown)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (api.NotWritten("away"), model.Refused(reason="away", is_permanent=False)),
        (api.NotUnderstood("late"), Unknown("late")),
        (
            api.Limited("ratelimited", 8),
            RetryAfter(seconds=8, reason="Slack answered ratelimited."),
        ),
        (
            api.Limited("ratelimited", 0),
            RetryAfter(seconds=1, reason="Slack answered ratelimited."),
        ),
        (
            api.Refused("not_in_channel"),
            model.Refused(
                reason="not_in_channel: invite the app to the channel.", is_permanent=True
            ),
        ),
        (
            api.Refused("something_new"),
            model.Refused(reason="Slack answered something_new.", is_permanent=True),
        ),
        (
            api.Refused("token_revoked"),
            model.Refused(reason="Slack answered token_revoked.", is_permanent=False),
        ),
        (
            api.Refused("service_unavailable"),
            model.Refused(reason="Slack answered service_unavailable.", is_permanent=False),
        ),
    ],
)
def test_every_error_has_its_outcome(error: api.WebApiError, expected: model.Outcome) -> None:
    assert sending.failed(error) == expected


def test_looks_that_are_refused_can_be_left_away() -> None:
    assert sending.is_about_blocks(api.Refused("msg_blocks_too_long"))
    assert not sending.is_about_blocks(api.Refused("msg_too_long"))


def test_a_status_is_shown_again_after_a_minute_or_an_answer() -> None:
    shown, here = sending.Shown(), Address(chat="C1A2B", thread=TS)

    assert shown.is_due(here, 0)
    assert not shown.is_due(here, 59)
    assert shown.is_due(Address(chat="C1A2B", thread="1.2"), 59)
    assert shown.is_due(here, 60)
    shown.end(here)
    assert shown.is_due(here, 61)

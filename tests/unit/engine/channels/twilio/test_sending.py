"""Parts as requests, answers as outcomes."""

import json
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
from polyant_engine.channels.twilio import sending
from polyant_engine.channels.twilio.api import NotUnderstood, NotWritten, Refused
from polyant_engine.channels.twilio.callbacks import callback_of
from support.twilio_settings import BY_KEY, NUMBER, TEMPLATE, WEBHOOK_SECRET, account, configured
from support.twilio_world import ADA

SMS = "+15550002222"


def part(text: str = "hello", chat: str = ADA, **more: Any) -> Part:
    return Part(
        id=uuid.uuid4(),
        key="k",
        channel_id=uuid.uuid4(),
        address=Address(chat=chat),
        content=Content(text=text, **more),
        reply_to=None,
        attempt=1,
    )


def refused(status: int, code: int, retry_after: float | None = None) -> Refused:
    return Refused(status, code, "It said no", retry_after)


def test_within_a_day_the_text_itself_is_sent() -> None:
    asked = sending.request(part("*hi*"), configured(), "https://back", is_late=False)

    assert asked == {
        "From": f"whatsapp:{NUMBER}",
        "To": ADA,
        "Body": "*hi*",
        "StatusCallback": "https://back",
    }


def test_after_a_day_only_the_template_is() -> None:
    known = configured(contentSid=TEMPLATE)

    asked = sending.request(
        part("*hi*\nyou", formatting={"plain": "hi\nyou"}), known, None, is_late=True
    )

    assert asked is not None
    assert "Body" not in asked
    assert asked["ContentSid"] == TEMPLATE
    assert json.loads(asked["ContentVariables"]) == {"1": "hi you"}


def test_after_a_day_without_a_template_nothing_is() -> None:
    assert sending.request(part(), configured(), None, is_late=True) is None


def test_an_sms_knows_no_window_and_no_marks() -> None:
    known = configured(smsNumber=SMS)
    message = part("*hi*", "+491701234567", formatting={"plain": "hi"})

    asked = sending.request(message, known, None, is_late=True)

    assert asked == {"From": SMS, "To": "+491701234567", "Body": "hi"}


@pytest.mark.parametrize(
    ("message", "word"),
    [
        (part(chat="+491701234567"), "smsNumber"),
        (part(" "), "empty"),
        (
            part(attachments=[Attachment(kind=AttachmentKind.PHOTO, reference="x")]),
            "Files",
        ),
    ],
)
def test_what_cannot_be_a_message_is_not_tried(message: Part, word: str) -> None:
    assert word in str(sending.problem(message, configured()))
    assert sending.problem(part(), configured()) is None


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ({"sid": "SM1", "status": "queued"}, Sent("SM1")),
        ({"sid": "SM1", "status": "accepted", "error_code": None}, Sent("SM1")),
        ({}, Unknown("Twilio's answer holds no message.")),
        ({"sid": None}, Unknown("Twilio's answer holds no message.")),
    ],
)
def test_an_answer_counts_by_its_sid(result: dict[str, Any], outcome: model.Outcome) -> None:
    assert sending.sent(result) == outcome


def test_a_message_that_failed_at_once_is_dead() -> None:
    outcome = sending.sent({"sid": "SM1", "status": "failed", "error_code": 63016})

    assert isinstance(outcome, model.Refused)
    assert outcome.is_permanent


@pytest.mark.parametrize("code", [21211, 21610, 21614, 21408, 21606, 63007, 21617, 30034])
def test_what_is_wrong_for_good_is_a_dead_letter_with_its_reason(code: int) -> None:
    outcome = sending.failed(refused(400, code), 1)

    assert isinstance(outcome, model.Refused)
    assert outcome.is_permanent
    assert f"(Twilio {code})" in outcome.reason
    assert "It said no" not in outcome.reason


@pytest.mark.parametrize(
    ("status", "code"), [(401, 20003), (403, 20003), (401, 70051), (404, 20404)]
)
def test_what_another_configuration_cures_waits_for_it(status: int, code: int) -> None:
    outcome = sending.failed(refused(status, code), 1)

    assert isinstance(outcome, model.Refused)
    assert not outcome.is_permanent


@pytest.mark.parametrize(
    ("error", "tries", "seconds"),
    [
        (refused(429, 20429), 1, 1),
        (refused(429, 20429), 4, 8),
        (refused(429, 20429), 1000, 120),
        (refused(429, 20429, 30), 1, 30),
        (refused(400, 63018), 1, 60),
        (refused(400, 21611), 1, 60),
        (refused(400, 14107, 90), 1, 90),
    ],
)
def test_a_limit_makes_the_account_wait_longer_and_longer(
    error: Refused, tries: int, seconds: float
) -> None:
    outcome = sending.failed(error, tries)

    assert isinstance(outcome, RetryAfter)
    assert (outcome.seconds, outcome.whole_account) == (seconds, True)


def test_only_what_was_never_written_is_tried_again_without_doubt() -> None:
    assert sending.failed(NotWritten("no way"), 1) == model.Refused(
        reason="no way", is_permanent=False
    )
    assert sending.failed(NotUnderstood("odd"), 1) == Unknown("odd")


def test_the_vendor_is_told_where_to_tell() -> None:
    ours, message = account(), part()

    assert callback_of(ours, configured(), "https://a.example/")(message) == (
        f"https://a.example/webhooks/twilio/channels/{ours.id}/status?part={message.id}"
    )
    assert callback_of(ours, configured(), None)(message) is None


def test_with_a_key_the_address_holds_the_secret() -> None:
    url = callback_of(account(BY_KEY), configured(BY_KEY), "https://a.example")(part())

    assert url is not None
    assert f"/status/{WEBHOOK_SECRET}?part=" in url

"""What the vendor tells of a message later."""

import pytest

from polyant_engine.channels.twilio.statuses import RANKS, reason_of, status


def test_the_order_is_that_of_a_messages_life() -> None:
    order = ["queued", "sent", "delivered", "read", "failed"]

    assert sorted(order, key=RANKS.__getitem__) == order
    assert RANKS["failed"] == RANKS["undelivered"]


@pytest.mark.parametrize(
    ("said", "word"),
    [("accepted", "queued"), ("sending", "queued"), ("canceled", "failed"), ("read", "read")],
)
def test_every_word_has_a_place(said: str, word: str) -> None:
    found = status({"MessageSid": "SM1", "MessageStatus": said})

    assert found is not None
    assert found.word == word


def test_an_end_says_why_and_what_to_do() -> None:
    found = status({"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "63016"})

    assert found is not None
    assert found.is_end
    assert "contentSid" in found.reason
    assert found.reason.endswith("(Twilio 63016).")


def test_what_arrived_needs_no_reason() -> None:
    found = status({"MessageSid": "SM1", "MessageStatus": "sent", "ErrorCode": "1"})

    assert found is not None
    assert found.reason == ""


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"MessageSid": "SM1"},
        {"MessageSid": "SM1", "MessageStatus": "odd"},
        {"MessageStatus": "sent"},
        {"MessageSid": "S" * 200, "MessageStatus": "sent"},
    ],
)
def test_what_is_not_known_is_nothing(told: dict[str, str]) -> None:
    assert status(told) is None


@pytest.mark.parametrize("code", ["x", "-1", "9" * 50, ""])
def test_an_odd_code_is_none(code: str) -> None:
    found = status({"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": code})

    assert found is not None
    assert found.error == 0


def test_an_unknown_error_is_told_in_the_vendors_words() -> None:
    assert reason_of(12345, "It is odd") == "It is odd (Twilio 12345)."
    assert reason_of(0) == "no reason was given."

"""Requests that Slack signed, and all others."""

import pytest
from slack_sdk.signature import SignatureVerifier

from polyant_engine.channels.slack.signature import is_signed

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_700_000_000
BODY = b'{"text": "\xf0\x9f\x90\x95"}'


def signed(body: bytes = BODY, at: object = NOW, secret: str = SECRET) -> dict[str, str]:
    """Headers as the vendor's own library makes them."""
    made = SignatureVerifier(secret).generate_signature(timestamp=str(at), body=body)
    return {"x-slack-request-timestamp": str(at), "x-slack-signature": made or ""}


@pytest.mark.parametrize("late", [0, 300, -300])
def test_what_the_vendor_signed_is_believed_for_five_minutes(late: int) -> None:
    assert is_signed(SECRET, signed(), BODY, NOW + late)


@pytest.mark.parametrize("late", [301, -301, 10**9])
def test_what_is_older_or_from_the_future_is_a_replay(late: int) -> None:
    assert not is_signed(SECRET, signed(), BODY, NOW + late)


def test_the_example_of_the_vendors_page_fits() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&"
        b"channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&"
        b"command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F"
        b"T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": (
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        ),
    }

    assert is_signed(SECRET, headers, body, 1531420618)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(secret="other"),
        signed(body=b"other"),
        {**signed(), "x-slack-signature": ""},
        {**signed(), "x-slack-signature": "v0=\u00e9\udce9"},
        {**signed(), "x-slack-signature": signed()["x-slack-signature"][3:]},
        signed(at="soon"),
        signed(at="\u0661\u0662"),
        signed(at="9" * 5000),
        signed(at="-1"),
    ],
)
def test_everything_else_is_refused(headers: dict[str, str]) -> None:
    assert not is_signed(SECRET, headers, BODY, NOW)


def test_without_a_secret_nothing_is_believed() -> None:
    made = {"x-slack-request-timestamp": str(NOW), "x-slack-signature": "v0="}

    assert not is_signed("", made, BODY, NOW)

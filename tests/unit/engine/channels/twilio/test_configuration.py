"""What of a configuration cannot be right, and how it is told."""

from typing import Any

import pytest

from polyant_engine.channels.twilio.configuration import AuthMode
from polyant_engine.core.errors import BadRequest
from support.twilio_settings import (
    ACCOUNT,
    BY_KEY,
    BY_TOKEN,
    KEY,
    NUMBER,
    TEMPLATE,
    WEBHOOK_SECRET,
    configured,
)


def test_with_a_token_the_account_itself_calls() -> None:
    found = configured()

    assert (found.mode, found.user, found.name) == (AuthMode.AUTH_TOKEN, ACCOUNT, NUMBER)
    assert found.webhook_secret == ""
    assert "t" * 32 not in repr(found)


def test_with_a_key_the_path_holds_a_secret() -> None:
    found = configured(BY_KEY)

    assert (found.user, found.webhook_secret) == (KEY, WEBHOOK_SECRET)
    assert WEBHOOK_SECRET not in repr(found)


def test_the_address_says_by_which_number_it_is_answered() -> None:
    found = configured(smsNumber="+15550002222")

    assert found.sender("whatsapp:+491") == f"whatsapp:{NUMBER}"
    assert found.sender("+491") == "+15550002222"
    assert configured().sender("+491") == ""


def test_a_number_for_sms_is_enough() -> None:
    assert configured(whatsappNumber="", smsNumber="+15550002222").name == "+15550002222"


def test_a_template_is_filled_without_line_breaks() -> None:
    template = configured(
        contentSid=TEMPLATE, contentVariables={"1": "You asked: {text}", "2": "x"}
    ).template

    assert template is not None
    assert template.filled("a\n\nb    c") == {"1": "You asked: a b c", "2": "x"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"accountSid": ""}, "accountSid"),
        ({"accountSid": KEY}, "accountSid"),
        ({"accountSid": 7}, "accountSid"),
        ({"authToken": ""}, "authToken"),
        ({"authToken": "short"}, "authToken"),
        ({"authToken": "ä" * 32}, "authToken"),
        ({"authMode": "oauth"}, "authMode"),
        ({"authMode": "apiKey"}, "apiKeySid"),
        ({"whatsappNumber": "0151 234"}, "whatsappNumber"),
        ({"whatsappNumber": ""}, "whatsappNumber"),
        ({"whatsappNumber": f"whatsapp:{NUMBER}"}, "whatsappNumber"),
        ({"smsNumber": "+"}, "smsNumber"),
        ({"contentSid": "HX1"}, "contentSid"),
        ({"contentSid": TEMPLATE, "contentVariables": "{text}"}, "contentVariables"),
        ({"contentSid": TEMPLATE, "contentVariables": {"1": 2}}, "contentVariables"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRequest) as refused:
        configured(BY_TOKEN, **change)

    assert refused.value.param == field
    assert field in refused.value.message


@pytest.mark.parametrize(
    "secret", ["", "short", WEBHOOK_SECRET[:21], "w" * 43, f"{WEBHOOK_SECRET}/x", "ä" * 40]
)
def test_a_secret_that_can_be_guessed_or_is_no_path_is_refused(secret: str) -> None:
    with pytest.raises(BadRequest, match="openssl rand"):
        configured(BY_KEY, webhookSecret=secret)


def test_no_secret_is_repeated() -> None:
    with pytest.raises(BadRequest) as refused:
        configured(BY_KEY, webhookSecret="guess/me")

    assert "guess" not in refused.value.message

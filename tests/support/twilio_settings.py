"""Settings of a Twilio channel."""

import uuid
from typing import Any

from polyant_engine.channels.model import Account, Kind
from polyant_engine.channels.twilio.configuration import Configuration, configuration

ACCOUNT = "AC" + "0" * 32
TOKEN = "t" * 32
KEY = "SK" + "1" * 32
KEY_SECRET = "k" * 32
WEBHOOK_SECRET = "wJq3vTz8" * 5 + "abc"
NUMBER = "+15550001111"
TEMPLATE = "HX" + "2" * 32
SECRET_NAMES = ("authToken", "apiKeySecret", "webhookSecret")

BY_TOKEN = {"accountSid": ACCOUNT, "authToken": TOKEN, "whatsappNumber": NUMBER}
BY_KEY = {
    "accountSid": ACCOUNT,
    "authMode": "apiKey",
    "apiKeySid": KEY,
    "apiKeySecret": KEY_SECRET,
    "webhookSecret": WEBHOOK_SECRET,
    "whatsappNumber": NUMBER,
}


def configured(values: dict[str, Any] | None = None, **more: Any) -> Configuration:
    settings, secrets = divided({**(values or BY_TOKEN), **more})
    return configuration(settings, secrets)


def account(values: dict[str, Any] | None = None, **more: Any) -> Account:
    settings, secrets = divided({**(values or BY_TOKEN), **more})
    return Account(
        id=uuid.uuid4(),
        agent_id=uuid.uuid4(),
        kind=Kind.WHATSAPP,
        name=settings.get("whatsappNumber") or settings["smsNumber"],
        version=1,
        settings=settings,
        secrets=secrets,
    )


def divided(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Give what is shown and what is not."""
    secrets = {name: value for name, value in values.items() if name in SECRET_NAMES}
    return {name: value for name, value in values.items() if name not in secrets}, secrets

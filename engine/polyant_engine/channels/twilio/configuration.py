"""What an administrator configures: credentials, numbers, a template for late answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from polyant_engine.channels.model import Json
from polyant_engine.core.errors import BadRequest

WHATSAPP = "whatsapp:"
TEXT = "{text}"  # stands for the message in a variable of a template
# 22 characters of base64 are 132 bits; one that was drawn has far more than 8 different ones.
SHORTEST_SECRET = 22
FEWEST_CHARACTERS = 8
MOST_VARIABLES = 20

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_SHORT_CODE = re.compile(r"\d{3,8}")
_SECRET = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST_SECRET},128}}")
_CONSOLE = "the Twilio Console shows it"


class AuthMode(StrEnum):
    """By what calls are authenticated, and so how webhooks can be."""

    AUTH_TOKEN = "authToken"  # noqa: S105  a word; webhooks are signed with the token
    API_KEY = "apiKey"  # webhooks cannot be verified by a key: their path holds a secret


@dataclass(frozen=True, kw_only=True)
class Template:
    """What may be sent by WhatsApp when the person has not written for a day."""

    sid: str
    variables: Mapping[str, str]

    def filled(self, text: str) -> dict[str, str]:
        """Return the variables; no line breaks or runs of spaces, which WhatsApp refuses in them."""
        line = " ".join(text.split())
        return {name: value.replace(TEXT, line) for name, value in self.variables.items()}


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The settings of one channel."""

    account_sid: str
    mode: AuthMode
    user: str
    password: str = field(repr=False)
    webhook_secret: str = field(repr=False, default="")
    whatsapp: str = ""  # the number that WhatsApp messages come to and go from
    sms: str = ""
    template: Template | None = None

    @property
    def name(self) -> str:
        """Return by what the channel is known: its number."""
        return self.whatsapp or self.sms

    def sender(self, chat: str) -> str:
        """Return our address for the address of a person; empty: not by this channel."""
        if chat.startswith(WHATSAPP):
            return WHATSAPP + self.whatsapp if self.whatsapp else ""
        return self.sms


def configuration(settings: Json, secrets: Mapping[str, str]) -> Configuration:
    """Read settings and secrets; raise `BadRequest` for the first that is wrong."""
    given = _Given({**settings, **secrets})
    account = given.matching("accountSid", r"AC[0-9a-fA-F]{32}", f"it begins with AC; {_CONSOLE}")
    mode = _mode(given.text("authMode") or AuthMode.AUTH_TOKEN)
    user, password = _credentials(given, mode, account)
    whatsapp, sms = _numbers(given)
    return Configuration(
        account_sid=account,
        mode=mode,
        user=user,
        password=password,
        webhook_secret=_webhook_secret(given, mode),
        whatsapp=whatsapp,
        sms=sms,
        template=_template(given),
    )


@dataclass(frozen=True)
class _Given:
    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise BadRequest(f"{name} must be a text.", param=name)
        return value.strip()

    def matching(self, name: str, pattern: str, cure: str) -> str:
        value = self.text(name)
        if not re.fullmatch(pattern, value):
            wrong = "is missing" if not value else "is not right"
            raise BadRequest(f"{name} {wrong}: {cure}.", param=name)
        return value


def _mode(value: str) -> AuthMode:
    try:
        return AuthMode(value)
    except ValueError:
        known = ", ".join(AuthMode)
        raise BadRequest(
            f"authMode is {value[:40]!r}; it can be one of {known}.", param="authMode"
        ) from None


def _credentials(given: _Given, mode: AuthMode, account: str) -> tuple[str, str]:
    printable = r"[!-~]{16,128}"
    if mode is AuthMode.AUTH_TOKEN:
        return account, given.matching("authToken", printable, _CONSOLE)
    key = given.matching("apiKeySid", r"SK[0-9a-fA-F]{32}", f"it begins with SK; {_CONSOLE}")
    cure = "Twilio shows it once, when the key is made"
    return key, given.matching("apiKeySecret", printable, cure)


def _webhook_secret(given: _Given, mode: AuthMode) -> str:
    value = given.text("webhookSecret")
    if mode is AuthMode.AUTH_TOKEN:
        return ""
    if not _SECRET.fullmatch(value) or len(set(value)) < FEWEST_CHARACTERS:
        wrong = "is missing" if not value else "is not right"
        raise BadRequest(
            f"webhookSecret {wrong}: with an API key the webhook's path must hold one. Give "
            f"{SHORTEST_SECRET} to 128 random letters, digits, - and _, as `openssl rand -hex 32` "
            "writes them.",
            param="webhookSecret",
        )
    return value


def _numbers(given: _Given) -> tuple[str, str]:
    whatsapp, sms = given.text("whatsappNumber"), given.text("smsNumber")
    if not whatsapp and not sms:
        raise BadRequest(
            "whatsappNumber is missing: give the number of the WhatsApp sender as +15551234567, "
            "or smsNumber for SMS, or both.",
            param="whatsappNumber",
        )
    if whatsapp and not _NUMBER.fullmatch(whatsapp):
        raise _no_number("whatsappNumber", whatsapp)
    if sms and not (_NUMBER.fullmatch(sms) or _SHORT_CODE.fullmatch(sms)):
        raise _no_number("smsNumber", sms)
    return whatsapp, sms


def _no_number(name: str, value: str) -> BadRequest:
    return BadRequest(
        f"{name} is {value[:40]!r}; write it with + and country code and without spaces, "
        "as +15551234567.",
        param=name,
    )


def _template(given: _Given) -> Template | None:
    if not given.text("contentSid"):
        return None
    cure = "it begins with HX; the Content Template Builder shows it"
    sid = given.matching("contentSid", r"HX[0-9a-fA-F]{32}", cure)
    variables = given.values.get("contentVariables") or {"1": TEXT}
    is_right = isinstance(variables, dict) and len(variables) <= MOST_VARIABLES
    if not is_right or not all(isinstance(each, str) for each in variables.values()):
        raise BadRequest(
            f"contentVariables must be an object of at most {MOST_VARIABLES} texts, "
            f'as {{"1": "{TEXT}"}}; {TEXT} stands for the message.',
            param="contentVariables",
        )
    return Template(sid=sid, variables=dict(variables))

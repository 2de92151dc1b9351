"""Messages: what is refused at once, what becomes of the others."""

import json
import re
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from support.vendors.twilio.account import Account, Address
from support.vendors.twilio.refusals import Refused, bad

LONGEST_BODY = 1600
WINDOW_SECONDS = 24 * 3600
MOST_MEDIA = 10
_NUMBER = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}")
OUTSIDE_WINDOW = 63016


@dataclass
class Message:
    """One outbound message."""

    sid: str
    account: str
    sender: str
    to: str
    body: str
    created: float
    status: str
    service: str = ""
    callback: str = ""
    media: list[str] = field(default_factory=list)
    template: str = ""
    error: int = 0

    def wire(self) -> dict[str, Any]:
        base = f"/2010-04-01/Accounts/{self.account}/Messages/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": formatdate(self.created),
            "date_sent": None if self.status in ("queued", "accepted") else formatdate(),
            "date_updated": formatdate(),
            "direction": "outbound-api",
            "error_code": self.error or None,
            "error_message": None,
            "from": self.sender or None,
            "messaging_service_sid": self.service or None,
            "num_media": str(len(self.media)),
            "num_segments": str(max(1, -(-len(self.body) // 153))),
            "price": None,
            "price_unit": "USD",
            "status": self.status,
            "subresource_uris": {"media": f"{base}/Media.json"},
            "to": self.to,
            "uri": f"{base}.json",
        }


def checked(
    account: Account, asked: dict[str, str], media: list[str]
) -> tuple[Address, str, str, list[str]]:
    """Sender, recipient, text and media of a request, or the refusal."""
    to = asked.get("To", "")
    if not to:
        raise bad(21604, "A 'To' phone number is required.")
    if not _NUMBER.fullmatch(to):
        raise bad(21211, f"The 'To' number {to} is not a valid phone number.")
    sender = _sender(account, asked, to)
    if sender.is_whatsapp != to.startswith("whatsapp:"):
        raise bad(
            21910, "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel"
        )
    if to in sender.opted_out:
        raise bad(21610, "Attempt to send to unsubscribed recipient")
    body = _body(account, asked)
    if not body and not media:
        raise bad(21619, "A text message body or media urls must be specified.")
    if len(body) > LONGEST_BODY:
        raise bad(21617, "The concatenated message body exceeds the 1600 character limit.")
    if len(media) > MOST_MEDIA:
        raise bad(21623, "Number of media files exceeds allowed limit.")
    return sender, to, body, media


def _sender(account: Account, asked: dict[str, str], to: str) -> Address:
    service = asked.get("MessagingServiceSid", "")
    if service and service not in account.services:
        raise Refused(404, 20404, "The requested resource was not found")
    names = account.services.get(service, [asked.get("From", "")])
    fitting = [n for n in names if n.startswith("whatsapp:") == to.startswith("whatsapp:")]
    name = (fitting or names or [""])[0]
    if not name:
        raise bad(21603, "A 'From' phone number is required.")
    if name not in account.addresses:
        if name.startswith("whatsapp:"):
            raise bad(63007, "Twilio could not find a Channel with the specified From address")
        raise bad(21606, f"The 'From' phone number provided ({name}) is not a valid phone number")
    return account.addresses[name]


def _body(account: Account, asked: dict[str, str]) -> str:
    template = asked.get("ContentSid", "")
    if not template:
        return asked.get("Body", "")
    if template not in account.templates:
        raise bad(21655, "The ContentSid Parameter is invalid")
    try:
        variables = json.loads(asked.get("ContentVariables") or "{}")
    except ValueError:
        variables = None
    if not isinstance(variables, dict):
        raise bad(21656, "The ContentVariables Parameter is invalid")
    body = account.templates[template]
    for name, value in variables.items():
        body = body.replace("{{" + str(name) + "}}", str(value))
    return body


def is_within_window(sender: Address, to: str, now: float) -> bool:
    """Tell whether a text that is no template may be sent by WhatsApp."""
    return now - sender.heard.get(to, float("-inf")) < WINDOW_SECONDS

"""Where Twilio is told to tell what became of a message: our own URL, with the part in its query.

The signature covers the query, so a part cannot be confused with another; and it is named although
its id at the vendor may never have been learnt, which ends doubt about it.
"""

import uuid
from collections.abc import Callable

from polyant_engine.channels.model import Account, Part
from polyant_engine.channels.twilio.configuration import Configuration

STATUS = "/webhooks/twilio/channels/{channel}/status"
SECRET = "/{secret}"  # noqa: S105  a piece of a path
PART = "part"


def callback_of(
    account: Account, configuration: Configuration, base_url: str | None
) -> Callable[[Part], str | None]:
    """Return what gives the URL for a part; none without a public address."""

    def callback(part: Part) -> str | None:
        if base_url is None:
            return None
        path = STATUS.format(channel=account.id)
        if configuration.webhook_secret:
            path += SECRET.format(secret=configuration.webhook_secret)
        return f"{base_url.rstrip('/')}{path}?{PART}={part.id}"

    return callback


def part_of(text: str) -> uuid.UUID | None:
    """Return the id in a query."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None

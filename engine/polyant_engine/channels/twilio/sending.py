"""A part as a request for a message, and what came of it as an outcome."""

from collections.abc import Mapping
from typing import Any

import orjson

from polyant_engine.channels import model
from polyant_engine.channels.model import Outcome, Part, Sent, Unknown
from polyant_engine.channels.twilio import api
from polyant_engine.channels.twilio.configuration import WHATSAPP, Configuration
from polyant_engine.channels.twilio.statuses import ENDS, reason_of

OPTED_OUT = 21610
# The account's queue or the sender's limit is used up; later there is room again.
CROWDED = frozenset({14107, 21611, 63018})
CROWDED_SECONDS = 60.0
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 120.0
# What a change of the configuration cures; parts wait for it for a day.
CURABLE = frozenset({20403, 20404, 20005})

SAID_STOP = (
    "The contact opted out (STOP): nothing is sent until they write START. "
    "It can be sent again after that."
)
LATE = (
    "The contact wrote more than 24 hours ago: WhatsApp takes only an approved template then, "
    "and no contentSid is configured."
)


def problem(part: Part, configuration: Configuration) -> str | None:
    """Return why a part can be no message of this channel."""
    if not configuration.sender(part.address.chat):
        kind = "whatsappNumber" if part.address.chat.startswith(WHATSAPP) else "smsNumber"
        return f"The channel has no {kind} any more to send this from."
    if part.content.attachments:
        return "Files cannot be sent: Twilio fetches them from public addresses only."
    return None if part.content.text.strip() else "The message is empty."


def request(
    part: Part, configuration: Configuration, callback: str | None, *, is_late: bool
) -> dict[str, str] | None:
    """Return the request; none: only a template may be sent, and there is none."""
    chat, content = part.address.chat, part.content
    asked = {"From": configuration.sender(chat), "To": chat}
    if callback is not None:
        asked["StatusCallback"] = callback
    plain = str(content.formatting.get("plain") or content.text)
    if not chat.startswith(WHATSAPP):
        return {**asked, "Body": plain}
    if not is_late:
        return {**asked, "Body": content.text}
    template = configuration.template
    if template is None:
        return None
    variables = orjson.dumps(template.filled(plain)).decode()
    return {**asked, "ContentSid": template.sid, "ContentVariables": variables}


def sent(result: Mapping[str, Any]) -> Outcome:
    """Return the outcome of a call with a result."""
    sid, code = result.get("sid"), result.get("error_code")
    if not isinstance(sid, str) or not sid:
        return Unknown("Twilio's answer holds no message.")
    if result.get("status") in ENDS:
        return model.Refused(
            reason=reason_of(code if isinstance(code, int) else 0), is_permanent=True
        )
    return Sent(sid)


def failed(error: api.ApiError, tries: int) -> Outcome:
    """Return the outcome of a call without one; `tries` makes waits grow."""
    if isinstance(error, api.NotWritten):
        return model.Refused(reason=str(error), is_permanent=False)
    if not isinstance(error, api.Refused):
        return Unknown(str(error))
    reason = reason_of(error.code, error.message)
    if error.is_haste or error.code in CROWDED:
        known = CROWDED_SECONDS if error.code in CROWDED else _wait(tries)
        seconds = max(error.retry_after or 0.0, known)
        return model.RetryAfter(seconds=seconds, reason=reason, whole_account=True)
    # With other credentials, what waits is sent.
    is_curable = error.is_credentials or error.code in CURABLE
    return model.Refused(reason=reason, is_permanent=not is_curable)


def _wait(tries: int) -> float:
    return float(min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(max(tries, 1) - 1, 10)))

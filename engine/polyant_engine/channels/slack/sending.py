"""A part as a call of the Web API, and what came of the call as an outcome."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from polyant_engine.channels import model
from polyant_engine.channels.model import Address, Outcome, Part, Sent, Unknown
from polyant_engine.channels.slack import api

METHOD = "chat.postMessage"
# The vendor takes a status away after two minutes.
STATUS_SECONDS = 60.0
# Names of messages of ours, made of the key that is the same for every try.
MESSAGES = uuid.UUID("5f0c8a52-6f0e-5d6b-9a70-0f6a3c1f8c11")

# The workspace cannot be reached now, or what we sent did not arrive whole.
PASSING = frozenset({"request_timeout", "service_unavailable", "team_added_to_org"})
# What is wrong with the blocks, and not with the message.
ABOUT_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})

CURES: Mapping[str, str] = {
    "not_in_channel": "invite the app to the channel",
    "channel_not_found": "the channel is gone, or the app was not invited to it",
    "is_archived": "the channel is archived",
    "restricted_action": "the workspace does not let apps write in this channel",
    "msg_too_long": "the message is too long for Slack",
    "duplicate_message_not_found": "it was sent before, and deleted since",
    "thread_not_found": "the thread was deleted",
    "no_permission": "the app may not write in this channel",
    "ekm_access_denied": "the workspace's administrators have suspended writing in this channel",
}

_CHANNEL = re.compile(r"[A-Z][A-Z0-9]{1,30}")
_STAMP = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")


def arguments(part: Part, *, is_plain: bool = False) -> Mapping[str, Any]:
    """Return the arguments of chat.postMessage.

    Nothing is unfurled: the vendor would fetch every URL that the model writes, and so tell others
    what is in it. `client_msg_id` is named in the vendor's list of errors only, so nothing rests on
    it: where it is heeded, a message that is sent again by a click is not doubled.
    """
    blocks = None if is_plain else part.content.formatting.get("blocks")
    found = {
        "channel": part.address.chat,
        "thread_ts": part.address.thread,
        "text": part.content.text,
        "blocks": blocks,
        "client_msg_id": str(uuid.uuid5(MESSAGES, f"{part.channel_id}/{part.key}")),
    }
    looks = {"unfurl_links": False, "unfurl_media": False}
    return {name: value for name, value in found.items() if value} | looks


def problem(part: Part) -> str | None:
    """Return why a part can be no message of Slack."""
    if part.content.attachments:
        return "files cannot be sent to Slack; only text can"
    if not part.content.text.strip():
        return "the message is empty"
    address = part.address
    if not _CHANNEL.fullmatch(address.chat) or not (
        not address.thread or _STAMP.fullmatch(address.thread)
    ):
        return "channels of Slack are named like C012AB3CD, threads like 1700000000.000100"
    return None


def status(address: Address) -> Mapping[str, Any] | None:
    """Return what shows in a thread that the app is at work; elsewhere nothing can."""
    if not address.thread:
        return None
    return {
        "channel_id": address.chat,
        "thread_ts": address.thread,
        "status": "is typing...",
    }


def is_about_blocks(refused: api.Refused) -> bool:
    """Tell whether the vendor refused the looks rather than the message."""
    return refused.word in ABOUT_BLOCKS


def sent(answer: Mapping[str, Any]) -> Outcome:
    """Return the outcome of a call with an answer."""
    ts = answer.get("ts")
    return Sent(ts) if isinstance(ts, str) and ts else Unknown("no message id in the answer")


def failed(error: api.WebApiError, *, is_whole_account: bool = False) -> Outcome:
    """Return the outcome of a call without one."""
    if isinstance(error, api.NotWritten):
        return model.Refused(reason=str(error), is_permanent=False)
    if isinstance(error, api.Limited):
        return model.RetryAfter(
            seconds=max(error.seconds, 1), reason=str(error), whole_account=is_whole_account
        )
    if not isinstance(error, api.Refused):
        return Unknown(str(error))
    cure = CURES.get(error.word)
    reason = f"{error.word}: {cure}." if cure else str(error)
    # With a new token, what waits is sent.
    is_passing = error.is_token or error.word in PASSING
    return model.Refused(reason=reason, is_permanent=not is_passing)


@dataclass
class Shown:
    """Where it shows that the app is at work; asked about every few seconds."""

    until: dict[Address, float] = field(default_factory=dict)

    def is_due(self, address: Address, now: float) -> bool:
        """Tell whether it has to be shown (again), and note that it is."""
        self.until = {each: end for each, end in self.until.items() if end > now}
        if address in self.until:
            return False
        self.until[address] = now + STATUS_SECONDS
        return True

    def end(self, address: Address) -> None:
        """Note that a message was sent, which ends it."""
        self.until.pop(address, None)

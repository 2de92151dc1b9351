"""A part as a call of the Bot API, and what came of the call as an outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from polyant_engine.channels import model
from polyant_engine.channels.model import AttachmentKind, Outcome, Part, Sent, Unknown
from polyant_engine.channels.telegram import api

# A chat that was told to wait while so many others wait as well: it is the bot that has to.
CHATS_THAT_WAIT = 3
DEFAULT_WAIT_SECONDS = 5

_METHODS: Mapping[AttachmentKind, tuple[str, str]] = {
    AttachmentKind.PHOTO: ("sendPhoto", "photo"),
    AttachmentKind.VOICE: ("sendVoice", "voice"),
    AttachmentKind.AUDIO: ("sendAudio", "audio"),
    AttachmentKind.VIDEO: ("sendVideo", "video"),
    AttachmentKind.DOCUMENT: ("sendDocument", "document"),
}


@dataclass(frozen=True)
class Call:
    """A method and its arguments."""

    method: str
    arguments: Mapping[str, Any]

    def plain(self) -> "Call | None":
        """Return the same without looks, if it has some."""
        kept = {
            k: v for k, v in self.arguments.items() if k not in ("entities", "caption_entities")
        }
        return Call(self.method, kept) if len(kept) < len(self.arguments) else None

    def moved(self, chat: int) -> "Call":
        """Return the same for another chat."""
        return Call(self.method, {**self.arguments, "chat_id": chat})


def call(part: Part) -> Call:
    """Return what sends a part: a text, or one file with a caption."""
    content = part.content
    entities = content.formatting.get("entities")
    if not content.attachments:
        method, said = "sendMessage", {"text": content.text, "entities": entities}
    else:
        method, name = _METHODS[content.attachments[0].kind]
        file = {name: content.attachments[0].reference}
        said = {**file, "caption": content.text, "caption_entities": entities}
    arguments = {**place(part.address), **said, "reply_parameters": _reply(part.reply_to)}
    return Call(method, {name: value for name, value in arguments.items() if value})


def place(address: model.Address) -> dict[str, Any]:
    """Return where something goes."""
    thread = {"message_thread_id": int(address.thread)} if address.thread else {}
    return {"chat_id": int(address.chat), **thread}


def _reply(message: str | None) -> dict[str, Any] | None:
    # A message that was deleted meanwhile is no reason not to answer.
    return {"message_id": int(message), "allow_sending_without_reply": True} if message else None


def problem(part: Part) -> str | None:
    """Return why a part can be no message of Telegram."""
    if len(part.content.attachments) > 1:
        return "a message of Telegram has one file at most"
    if not part.content.text.strip() and not part.content.attachments:
        return "the message is empty"
    numbers = (part.address.chat, part.address.thread or "0", part.reply_to or "0")
    if not all(number.removeprefix("-").isdecimal() for number in numbers):
        return "chats, topics and messages of Telegram are numbers"
    return None


def sent(result: Any) -> Outcome:
    """Return the outcome of a call with a result."""
    number = result.get("message_id") if isinstance(result, dict) else None
    return Sent(str(number)) if isinstance(number, int) else Unknown("no message id in the answer")


def failed(error: api.BotApiError, *, is_whole_bot: bool = False) -> Outcome:
    """Return the outcome of a call without one."""
    if isinstance(error, api.NotWritten):
        return model.Refused(reason=str(error), is_permanent=False)
    if not isinstance(error, api.Refused):
        return Unknown(str(error))
    if error.code == 429:  # noqa: PLR2004  Too Many Requests
        seconds = max(error.retry_after or DEFAULT_WAIT_SECONDS, 1)
        return model.RetryAfter(
            seconds=seconds, reason=error.description, whole_account=is_whole_bot
        )
    # With a new token, what waits is sent.
    return model.Refused(reason=error.description, is_permanent=not error.is_token)


def is_about_looks(error: api.Refused) -> bool:
    """Tell whether the vendor refused the entities rather than the message."""
    return error.code == 400 and "entit" in error.description.lower()  # noqa: PLR2004  Bad Request


@dataclass
class Waits:
    """The chats that the vendor wants to be left alone; it does not say when it means the bot."""

    until: dict[str, float] = field(default_factory=dict)

    def add(self, chat: str, seconds: float, now: float) -> bool:
        """Note one, and tell whether it is the bot that has to wait."""
        self.until = {each: end for each, end in self.until.items() if end > now}
        self.until[chat] = now + seconds
        return len(self.until) >= CHATS_THAT_WAIT

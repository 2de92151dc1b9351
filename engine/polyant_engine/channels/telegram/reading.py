"""An update as an inbound event: a message for the agent, or ignored with the reason.

Every update becomes one event, so that what was received can be told from what was lost.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from polyant_engine.channels.model import Address, Attachment, AttachmentKind, Event, Inbound
from polyant_engine.channels.telegram.configuration import Configuration, Groups
from polyant_engine.channels.telegram.entities import encodable
from polyant_engine.channels.telegram.wire import File, Mark, Me, Message

# What getUpdates is asked for; others can come all the same from before the first call.
WANTED = ("message", "edited_message", "my_chat_member")
LAST_DATE = 2**63
LONGEST_QUOTE = 1000  # characters of a replied message that are shown to the agent

_LEFT = frozenset({"left", "kicked"})


def read(update: Mapping[str, Any], me: Me, configuration: Configuration) -> Inbound:
    """Return what an update means; never raises for what is in it, but it needs an `update_id`."""
    kind = next((name for name in update if name != "update_id"), "")
    body = update.get(kind)
    key = _key(update, body)
    if kind in ("message", "edited_message"):
        try:
            message = Message.model_validate(body)
        except ValidationError:
            return _ignored(key, "unreadable")
        reason = "edited" if kind == "edited_message" else _reason(message, me, configuration)
        return _message(key, message, me) if reason is None else _ignored(key, reason, message)
    return _ignored(key, _other(kind, body))


def _key(update: Mapping[str, Any], body: Any) -> str:
    """Return the id with the date: after an idle week the vendor's ids begin anew, at random."""
    dates = body if isinstance(body, dict) else {}
    date = dates.get("edit_date") or dates.get("date")
    number = int(update["update_id"])
    is_date = isinstance(date, int) and 0 < date < LAST_DATE
    return f"{number}.{date}" if is_date else str(number)


def _other(kind: str, body: Any) -> str:
    if kind == "my_chat_member" and isinstance(body, dict):
        member = body.get("new_chat_member")
        status = member.get("status") if isinstance(member, dict) else None
        return "removed" if status in _LEFT else "membership"
    return "unknown-kind"


def _ignored(key: str, reason: str, message: Message | None = None) -> Inbound:
    if message is None:
        return Inbound(dedupe_key=key, event=Event.IGNORED, reason=reason)
    return Inbound(
        dedupe_key=key,
        event=Event.IGNORED,
        address=_address(message),
        message_id=str(message.message_id),
        reason=reason,
    )


def _reason(message: Message, me: Me, configuration: Configuration) -> str | None:
    """Return why a message is not for the agent: the first that holds."""
    in_group = message.chat.type != "private"
    reasons = (
        ("migrated", bool(message.migrate_to_chat_id or message.migrate_from_chat_id)),
        ("channel-post", message.chat.type == "channel" or message.is_automatic_forward),
        ("unsupported", not _has_content(message)),
        ("from-bot", _is_from_bot(message)),
        ("not-allowed", not configuration.admits(_sender(message)[0])),
        ("not-addressed", in_group and not _is_for_us(message, me, configuration.groups)),
    )
    return next((reason for reason, holds in reasons if holds), None)


def _is_from_bot(message: Message) -> bool:
    """Tell whether no person wrote; who writes as a group or a channel looks like a bot."""
    if message.sender_chat is not None:
        return False
    return message.sender is None or message.sender.is_bot


def _is_for_us(message: Message, me: Me, groups: Groups) -> bool:
    if groups is not Groups.MENTION:
        return groups is Groups.ALL
    replied = message.reply_to_message
    if replied is not None and replied.sender is not None and replied.sender.id == me.id:
        # In a topic every message "replies" to the one that opened it.
        return replied.message_id != message.message_thread_id
    return any(_names_us(mark, words, me) for mark, words in message.marked())


def _names_us(mark: Mark, words: str, me: Me) -> bool:
    name = f"@{me.username}".lower()
    if mark.type == "mention":
        return words.lower() == name
    if mark.type == "bot_command":
        # With privacy mode the vendor has decided already for whom a bare command is.
        is_bare = "@" not in words
        return words.lower().endswith(name) or (is_bare and not me.can_read_all_group_messages)
    return mark.type == "text_mention" and mark.user is not None and mark.user.id == me.id


def _sender(message: Message) -> tuple[int, str]:
    """Return who wrote; a group or a channel may write in place of a person."""
    if message.sender_chat is not None:
        return message.sender_chat.id, message.sender_chat.title
    return (message.sender.id, message.sender.name) if message.sender else (0, "")


def _address(message: Message) -> Address:
    thread = message.message_thread_id if message.is_topic_message else None
    return Address(chat=str(message.chat.id), thread=str(thread or ""))


def _message(key: str, message: Message, me: Me) -> Inbound:
    sender, name = _sender(message)
    return Inbound(
        dedupe_key=key,
        event=Event.MESSAGE,
        address=_address(message),
        text=_storable(_quoted(message, me) + _said(message, me)),
        attachments=tuple(_attachments(message)),
        sender_id=str(sender),
        sender_name=_storable(name),
        message_id=str(message.message_id),
        occurred_at=_time(message.date),
    )


def _storable(text: str) -> str:
    return encodable(text).replace("\x00", "")


def _time(date: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(date, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _said(message: Message, me: Me) -> str:
    """Return the words without the bot's own name in front, and without it behind a command."""
    words = message.words or _shown(message)
    name = f"@{me.username}"
    for mark, covered in message.marked():
        if mark.offset == 0 and covered.lower().endswith(name.lower()):
            left = covered[: -len(name)] + words[len(covered) :]
            return left.strip(" ,:\n") or words
    return words


def _quoted(message: Message, me: Me) -> str:
    """Return what is replied to, unless it is the whole of what the agent said itself."""
    replied = message.reply_to_message
    if message.quote is not None:
        text = message.quote.text
    elif replied and replied.sender and replied.sender.id != me.id:
        text = replied.words
    else:
        return ""
    lines = text.strip()[:LONGEST_QUOTE].splitlines()
    return "".join(f"> {line}\n" for line in lines) + "\n" if lines else ""


def _shown(message: Message) -> str:
    """Return in words what is neither words nor a file."""
    if message.location is not None:
        return f"Location: {message.location.latitude}, {message.location.longitude}"
    return message.sticker.emoji if message.sticker is not None else ""


def _has_content(message: Message) -> bool:
    return bool((message.words or _shown(message)).strip() or next(_attachments(message), None))


def _attachments(message: Message) -> Iterator[Attachment]:
    if message.photo:
        largest = message.photo[-1]  # the vendor lists the sizes in order
        yield _attachment(AttachmentKind.PHOTO, largest, "image/jpeg")
    for kind, file, media_type in (
        (AttachmentKind.DOCUMENT, message.document, None),
        (AttachmentKind.VOICE, message.voice, "audio/ogg"),
        (AttachmentKind.AUDIO, message.audio, None),
        (AttachmentKind.VIDEO, message.video, None),
        (AttachmentKind.VIDEO, message.video_note, "video/mp4"),
    ):
        if file is not None:
            yield _attachment(kind, file, media_type)


def _attachment(kind: AttachmentKind, file: File, media_type: str | None) -> Attachment:
    return Attachment(
        kind=kind,
        reference=file.file_id,
        media_type=file.mime_type or media_type,
        name=file.file_name,
        size=file.file_size,
        seconds=file.duration,
    )

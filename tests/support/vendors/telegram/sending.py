"""Messages that bots send: what is refused, what comes back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from support.vendors.clock import VendorClock
from support.vendors.limits import Limit
from support.vendors.telegram.bot import Bot
from support.vendors.telegram.chats import Chat
from support.vendors.telegram.refusals import NOT_MODIFIED, Refused, bad, too_many

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024


def units(text: str) -> int:
    """Length in UTF-16 units, which the vendor counts."""
    return len(text.encode("utf-16-le")) // 2


@dataclass
class Limits:
    """The limits of the FAQ; the real ones are not published."""

    are_kept: bool = True
    chat: Limit = field(default_factory=lambda: Limit(1, 1))
    group: Limit = field(default_factory=lambda: Limit(20, 60))
    bot: Limit = field(default_factory=lambda: Limit(30, 1))

    def check(self, bot: Bot, chat: Chat, now: float) -> None:
        if not self.are_kept:
            return
        keys: list[tuple[Limit, object]] = [(self.chat, (bot.id, chat.id)), (self.bot, bot.id)]
        if chat.kind != "private":
            keys.append((self.group, (bot.id, chat.id)))
        if wait := max(limit.wait(key, now) for limit, key in keys):
            raise too_many(ceil(wait))
        for limit, key in keys:
            limit.take(key, now)


def checked_text(arguments: Mapping[str, Any], name: str = "text") -> str:
    """A text within the limits; `caption` may be empty."""
    text = str(arguments.get(name, ""))
    if name == "text" and not text.strip():
        raise bad("message text is empty")
    if units(text) > (LONGEST_TEXT if name == "text" else LONGEST_CAPTION):
        raise bad("message is too long" if name == "text" else "message caption is too long")
    return text


def checked_entities(arguments: Mapping[str, Any], text: str, name: str) -> list[dict[str, Any]]:
    """Entities that lie within their text."""
    entities = parsed(arguments, name) or []
    for entity in entities:
        start, length = int(entity["offset"]), int(entity["length"])
        if start < 0 or length < 0 or start > units(text):
            raise bad(f"entity beginning at UTF-16 offset {start} is out of range")
    return [entity for entity in entities if entity["length"] > 0]


def parsed(arguments: Mapping[str, Any], name: str) -> Any:
    """A parameter that is JSON, in a form or in a JSON body."""
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise bad(f"can't parse {name.replace('_', ' ')} JSON object") from None


def reached(chats: Mapping[tuple[int, int], Chat], bot: Bot, arguments: Mapping[str, Any]) -> Chat:
    """The chat that a bot may write to."""
    try:
        number = int(arguments.get("chat_id", ""))
        chat = chats.get((bot.id, number)) or chats.get((0, number))
    except ValueError:
        chat = None
    if chat is None and not arguments.get("chat_id"):
        raise bad("chat_id is empty")
    if chat is None:
        raise bad("chat not found")
    if chat.moved_to:
        moved = "Bad Request: group chat was upgraded to a supergroup chat"
        raise Refused(400, moved, migrate_to_chat_id=chat.moved_to)
    if chat.kind == "private" and chat.id in bot.blocked_by:
        raise Refused(403, "Forbidden: bot was blocked by the user")
    if bot.id not in chat.bots:
        raise Refused(403, f"Forbidden: bot is not a member of the {chat.kind} chat")
    return chat


def reply_of(chat: Chat, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The replied message, by reply_parameters or the older parameter."""
    asked = parsed(arguments, "reply_parameters") or {}
    number = int(asked.get("message_id") or arguments.get("reply_to_message_id") or 0)
    if not number:
        return {}
    found = chat.messages.get(number)
    lenient = asked.get("allow_sending_without_reply") or arguments.get(
        "allow_sending_without_reply"
    )
    if found is None and not lenient:
        raise bad("message to be replied not found")
    shown = {k: v for k, v in (found or {}).items() if k != "reply_to_message"}
    return {"reply_to_message": shown} if shown else {}


def thread_of(chat: Chat, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The topic a message goes to."""
    thread = int(arguments.get("message_thread_id") or 0)
    if not thread:
        return {}
    if thread not in chat.topics:
        raise bad("message thread not found")
    return {"message_thread_id": thread, "is_topic_message": True}


def edited(
    bot: Bot, chat: Chat, arguments: Mapping[str, Any], clock: VendorClock
) -> dict[str, Any]:
    """EditMessageText."""
    message = chat.messages.get(int(arguments.get("message_id") or 0))
    if message is None:
        raise bad("message to edit not found")
    if message["from"]["id"] != bot.id:
        raise bad("message can't be edited")
    text = checked_text(arguments)
    entities = checked_entities(arguments, text, "entities")
    if (text, entities) == (message.get("text"), message.get("entities", [])):
        raise Refused(400, NOT_MODIFIED)
    message.update(text=text, edit_date=int(clock.now()), entities=entities)
    return message

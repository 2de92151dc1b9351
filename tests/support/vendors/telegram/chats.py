"""Chats and their messages, and which bots see what in them."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from support.vendors.telegram.bot import Bot

_SHOWN = ("first_name", "username")

Kind: TypeAlias = Literal["private", "group", "supergroup"]


@dataclass
class Chat:
    """A conversation; a private one belongs to one bot, as each bot has its own with a person."""

    id: int
    kind: Kind
    title: str = ""
    bots: dict[int, Bot] = field(default_factory=dict)
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    topics: set[int] = field(default_factory=set)
    moved_to: int = 0
    last_bot: int = 0  # who spoke last; general commands are for that one
    _next: int = 1

    def new_message_id(self) -> int:
        number, self._next = self._next, self._next + 1
        return number

    def wire(self, user: dict[str, Any] | None) -> dict[str, Any]:
        if user is not None and self.kind == "private":
            named: dict[str, Any] = {k: user[k] for k in _SHOWN if k in user}
            return {"id": self.id, "type": "private", **named}
        forum = {"is_forum": True} if self.topics else {}
        return {"id": self.id, "type": self.kind, "title": self.title, **forum}


def is_seen(bot: Bot, chat: Chat, message: dict[str, Any]) -> bool:
    """Tell whether a bot is sent a message: privacy mode, and no words of other bots."""
    if message["from"]["is_bot"]:
        return False
    if chat.kind == "private" or not bot.has_privacy or _is_service(message):
        return True
    if message.get("reply_to_message", {}).get("from", {}).get("id") == bot.id:
        return True
    text = message.get("text") or message.get("caption") or ""
    return _is_command(text, bot, chat) or f"@{bot.username}".lower() in text.lower()


def _is_command(text: str, bot: Bot, chat: Chat) -> bool:
    word = text.split(maxsplit=1)[0] if text.startswith("/") else ""
    if "@" in word:
        return word.rpartition("@")[2].lower() == bot.username.lower()
    return bool(word) and chat.last_bot in (0, bot.id)


def _is_service(message: dict[str, Any]) -> bool:
    return any(
        name in message
        for name in ("migrate_to_chat_id", "migrate_from_chat_id", "new_chat_members")
    )

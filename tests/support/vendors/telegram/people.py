"""What people do in Telegram, as tests and demonstrations let them: write, edit, press, block."""

from collections.abc import Callable, Iterable
from typing import Any

from support.vendors.telegram.attachments import location
from support.vendors.telegram.bot import Bot
from support.vendors.telegram.chats import Chat, Kind, is_seen
from support.vendors.telegram.world import World

Message = dict[str, Any]


class People(World):
    """The side of the vendor that customers' code never sees."""

    def add_person(self, name: str = "Ada", **more: Any) -> int:
        """A person; private chats with bots have the same number."""
        number = self._number()
        self.users[number] = {"id": number, "is_bot": False, "first_name": name, **more}
        return number

    def add_group(
        self,
        bots: Iterable[Bot],
        *,
        title: str = "Team",
        kind: Kind = "supergroup",
        topics: Iterable[int] = (),
    ) -> int:
        """A group with bots in it."""
        number = -self._number() if kind == "group" else -(10**12) - self._number()
        members = {bot.id: bot for bot in bots}
        self.chats[0, number] = Chat(number, kind, title, members, topics=set(topics))
        return number

    def say(
        self, bot: Bot | str, person: int, text: str = "", *, chat: int = 0, **more: Any
    ) -> Message:
        """Write to a bot, or in a group; `more` is merged into the message.

        `reply_to` is the number of another message, `thread` a topic.
        """
        place = self._place(self.bot(bot), person, chat)
        content = {"text": text, **_entities(text)} if text else {}
        reply, thread = more.pop("reply_to", 0), more.pop("thread", 0)
        content |= self._threaded(place, reply, thread)
        message = self.post(place, self.users[person], {**content, **more})
        self._tell("message", place, message)
        return message

    def send_kind(self, bot: Bot | str, person: int, kind: str, **arguments: Any) -> Message:
        """Send something that is not text: photo, document, voice, sticker, location."""
        if kind == "location":
            return self.say(bot, person, **location(**arguments))
        if isinstance(arguments.get("content"), str):  # by the remote control
            arguments["content"] = arguments["content"].encode()
        attachers: dict[str, Callable[..., Message]] = {
            "photo": self.files.photo,
            "document": self.files.document,
            "voice": self.files.voice,
            "sticker": self.files.sticker,
        }
        caption = arguments.pop("caption", "")
        content = attachers[kind](**arguments)
        return self.say(bot, person, **content, **({"caption": caption} if caption else {}))

    def edit(
        self, bot: Bot | str, person: int, number: int, text: str, *, chat: int = 0
    ) -> Message:
        """Change one's own message."""
        place = self._place(self.bot(bot), person, chat)
        message = place.messages[number]
        message.update(text=text, edit_date=int(self.clock.now()), **_entities(text))
        self._tell("edited_message", place, message)
        return message

    def delete(self, bot: Bot | str, person: int, number: int, *, chat: int = 0) -> None:
        """Delete a message: no bot learns of it, not even of one it has not fetched yet."""
        place = self._place(self.bot(bot), person, chat)
        del place.messages[number]

    def press(self, bot: Bot | str, person: int, number: int, data: str, *, chat: int = 0) -> str:
        """Press a button below a bot's message."""
        whose = self.bot(bot)
        place = self._place(whose, person, chat)
        query = str(self.random.randint(10**17, 10**18))
        self.callbacks.add(query)
        body = {
            "id": query,
            "from": self.users[person],
            "message": place.messages[number],
            "chat_instance": str(place.id * 31),
            "data": data,
        }
        self.push(whose, "callback_query", body, person + (3 << 33))
        return query

    def block(self, bot: Bot | str, person: int, *, unblock: bool = False) -> None:
        """Block a bot; it is told, and its messages are refused from now on."""
        whose = self.bot(bot)
        (whose.blocked_by.discard if unblock else whose.blocked_by.add)(person)
        statuses = ("kicked", "member") if unblock else ("member", "kicked")
        old, new = ({"user": whose.user, "status": status} for status in statuses)
        place = self._place(whose, person, 0)
        shown = {"chat": place.wire(self.users[person]), "from": self.users[person]}
        times = {"date": int(self.clock.now()), "old_chat_member": old, "new_chat_member": new}
        self.push(whose, "my_chat_member", {**shown, **times}, person)

    def upgrade(self, chat: int) -> int:
        """Make a supergroup of a group; the old number answers with the new one from now on."""
        old = self.chats[0, chat]
        number = self.add_group(old.bots.values(), title=old.title)
        old.moved_to = number
        person = next(user for user in self.users.values() if not user["is_bot"])
        for place, service in (
            (old, {"migrate_to_chat_id": number}),
            (self.chats[0, number], {"migrate_from_chat_id": chat}),
        ):
            self._tell("message", place, self.post(place, person, service))
        return number

    def _place(self, bot: Bot, person: int, chat: int) -> Chat:
        if chat:
            return self.chats[0, chat]
        key = (bot.id, person)
        if key not in self.chats:
            self.chats[key] = Chat(person, "private", bots={bot.id: bot})
        return self.chats[key]

    def _threaded(self, place: Chat, reply: int, thread: int) -> Message:
        shown = {k: v for k, v in place.messages.get(reply, {}).items() if k != "reply_to_message"}
        more: Message = {"reply_to_message": shown} if shown else {}
        return {**more, "message_thread_id": thread, "is_topic_message": True} if thread else more

    def _tell(self, kind: str, place: Chat, message: Message) -> None:
        for bot in place.bots.values():
            if is_seen(bot, place, message):
                self.push(bot, kind, dict(message), place.id)


def _entities(text: str) -> Message:
    """The entities that the vendor finds itself: commands and mentions."""
    found: list[dict[str, Any]] = []
    at = 0
    for word in text.split(" "):
        length = len(word.encode("utf-16-le")) // 2
        kind = {"/": "bot_command", "@": "mention"}.get(word[:1])
        if kind and length > 1:
            found.append({"offset": at, "length": length, "type": kind})
        at += length + 1
    return {"entities": found} if found else {}

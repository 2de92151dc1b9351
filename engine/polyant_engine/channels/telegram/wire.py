"""What is read of Telegram's updates. What is not named here is not looked at.

The vendor adds fields and kinds at any time, so unknown ones are no error; a known field of a wrong
type is, and makes one update unreadable, never a batch.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

# What a column of the database can hold.
Number: TypeAlias = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class Wire(BaseModel):
    """Part of the vendor's JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class User(Wire):
    """A person or a bot."""

    id: Number
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    username: str = ""

    @property
    def name(self) -> str:
        """Return the name as the vendor's apps show it."""
        return f"{self.first_name} {self.last_name}".strip() or self.username


class Me(User):
    """The bot itself, by getMe."""

    can_read_all_group_messages: bool = False


class Chat(Wire):
    """A conversation."""

    id: Number
    type: Literal["private", "group", "supergroup", "channel"]
    title: str = ""


class Mark(Wire):
    """An entity of a received text."""

    type: str
    offset: int = Field(ge=0)
    length: int = Field(ge=0)
    user: User | None = None


class File(Wire):
    """A file, or one size of a photo."""

    file_id: str
    file_size: Number | None = None
    file_name: str | None = None
    mime_type: str | None = None
    duration: Number | None = None


class Sticker(Wire):
    """A picture that stands for an emoji."""

    emoji: str = ""


class Location(Wire):
    """A place."""

    latitude: float
    longitude: float


class Quote(Wire):
    """What of a message was picked to be replied to."""

    text: str


class Message(Wire):
    """A message, or an event of a chat that looks like one."""

    message_id: Number
    date: Number
    edit_date: Number | None = None
    chat: Chat
    sender: User | None = Field(None, alias="from")
    sender_chat: Chat | None = None
    message_thread_id: Number | None = None
    is_topic_message: bool = False
    is_automatic_forward: bool = False
    reply_to_message: "Message | None" = None
    quote: Quote | None = None
    text: str = ""
    caption: str = ""
    entities: tuple[Mark, ...] = ()
    caption_entities: tuple[Mark, ...] = ()
    photo: tuple[File, ...] = ()
    document: File | None = None
    voice: File | None = None
    audio: File | None = None
    video: File | None = None
    video_note: File | None = None
    sticker: Sticker | None = None
    location: Location | None = None
    migrate_to_chat_id: int | None = None
    migrate_from_chat_id: int | None = None

    @property
    def words(self) -> str:
        """Return the text, or what stands below a file."""
        return self.text or self.caption

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Return the entities of the words."""
        return self.entities or self.caption_entities

    def marked(self) -> Iterator[tuple[Mark, str]]:
        """Return each entity with the words it covers."""
        raw = self.words.encode("utf-16-le", "surrogatepass")
        for mark in self.marks:
            covered = raw[mark.offset * 2 : (mark.offset + mark.length) * 2]
            yield mark, covered.decode("utf-16-le", "replace")

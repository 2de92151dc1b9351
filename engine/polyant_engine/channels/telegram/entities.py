"""Formatted text as the Bot API has it: plain text, and entities with offsets in UTF-16 units.

Sent so, nothing needs escaping and nothing the model writes can be refused as bad markup.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any


class Kind(Enum):
    """What an entity does to its text, by the vendor's name."""

    BOLD = "bold"
    ITALIC = "italic"
    STRUCK = "strikethrough"
    CODE = "code"
    BLOCK = "pre"
    QUOTE = "blockquote"
    LINK = "text_link"


@dataclass(frozen=True, kw_only=True)
class Entity:
    """A stretch of text with a look."""

    kind: Kind
    offset: int  # in UTF-16 units, as all lengths here
    length: int
    url: str | None = None  # of a link
    language: str | None = None  # of a block of code

    @property
    def end(self) -> int:
        """Return the first unit behind it."""
        return self.offset + self.length

    def within(self, start: int, end: int) -> "Entity | None":
        """Return what of it lies in a range, counted from the start of the range."""
        first, last = max(self.offset, start), min(self.end, end)
        if last <= first:
            return None
        return replace(self, offset=first - start, length=last - first)

    def wire(self) -> Mapping[str, Any]:
        """Return it as the Bot API takes it."""
        shown: dict[str, Any] = {
            "type": self.kind.value,
            "offset": self.offset,
            "length": self.length,
        }
        more = {"url": self.url, "language": self.language}
        return shown | {name: value for name, value in more.items() if value}


@dataclass(frozen=True)
class Formatted:
    """A text and its entities, ordered by offset, the longer one first."""

    text: str
    entities: tuple[Entity, ...] = ()


def units(text: str) -> int:
    """Return the length in UTF-16 units: characters beyond the basic plane count twice."""
    if text.isascii():
        return len(text)
    return len(text) + sum(character > "\uffff" for character in text)


def encodable(text: str) -> str:
    """Return the text without halves of surrogate pairs, which no JSON parser would take back."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

"""A formatted text in messages that are short enough, cut where a reader pauses.

Paragraphs are kept whole if that fills half a message, else lines, sentences, words. Never cut: a
look that fits into one message, a grapheme (a family emoji, a letter with its accents), a pair of
surrogates. Joined, the messages are the whole text; only a message of nothing but space is left out,
which the vendor would refuse and nobody can see.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from polyant_engine.channels.telegram.entities import Entity, Formatted

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
# The vendor drops the looks beyond this number.
MOST_ENTITIES = 100

# Where a reader pauses, the best first. A match ends where the next message may begin.
_PAUSES = (
    re.compile(r"\n[ \t]*\n+"),  # not the next line's indentation, which may be code's
    re.compile(r"\n"),
    re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]]*\s+|[\u3002\uff01\uff1f]\s*"),
    re.compile(r"\s+"),
)
# A worse pause is taken before a message is less than half full.
_FULL_ENOUGH = 0.5
_JOINER = "\u200d"


def split(
    formatted: Formatted, longest: int = LONGEST_TEXT, most: int = MOST_ENTITIES
) -> tuple[Formatted, ...]:
    """Return the messages of at most so many UTF-16 units and entities."""
    return tuple(piece for piece in cut(formatted, longest, most) if piece.text.strip())


def cut(formatted: Formatted, longest: int, most: int) -> Iterator[Formatted]:
    """Return all pieces of a text, those of nothing but space too."""
    return _Text(formatted, longest, most).pieces()


@dataclass(frozen=True)
class _Span:
    """A range of characters; `first` and `last` are places between them."""

    first: int
    last: int

    def is_cut_at(self, place: int) -> bool:
        return self.first < place < self.last


class _Text:
    """A text with its places in characters and in units."""

    def __init__(self, formatted: Formatted, longest: int, most: int) -> None:
        self._text, self._entities = formatted.text, formatted.entities
        self._longest, self._most = longest, most
        widths = (2 if character > "\uffff" else 1 for character in self._text)
        self._units = list(accumulate(widths, initial=0))
        self._begun = 0  # so many entities begin before the next piece
        self._whole = _merged(
            self._span(entity) for entity in self._entities if entity.length <= longest
        )

    def pieces(self) -> Iterator[Formatted]:
        first, going_on = 0, list[Entity]()
        while first < len(self._text):
            last = self._next(first, len(going_on))
            start, end = self._units[first], self._units[last]
            here = [*going_on, *self._beginning(end)]
            inside = (entity.within(start, end) for entity in here[: self._most])
            yield Formatted(self._text[first:last], tuple(filter(None, inside)))
            first, going_on = last, [entity for entity in here if entity.end > end]

    def _beginning(self, end: int) -> Sequence[Entity]:
        """Return the entities that begin before a unit and were not returned yet."""
        begun = bisect_left(self._entities, end, key=lambda entity: entity.offset)
        found, self._begun = self._entities[self._begun : begun], begun
        return found

    def _span(self, entity: Entity) -> _Span:
        return _Span(
            bisect_left(self._units, entity.offset),
            bisect_left(self._units, entity.end),
        )

    def _next(self, first: int, going_on: int) -> int:
        """Return the end of the piece that begins here."""
        reach = bisect_right(self._units, self._units[first] + self._longest) - 1
        few = self._before_too_many(first, reach, self._most - going_on)
        if few == len(self._text):
            return few
        found = self._pause(first, few) or self._pause(first, reach)
        return found or self._forced(first, max(reach, first + 1))

    def _before_too_many(self, first: int, reach: int, allowed: int) -> int:
        at = self._begun + max(allowed, 0)
        if at >= len(self._entities):
            return reach
        place = bisect_left(self._units, self._entities[at].offset)
        return min(reach, place) if place > first else reach

    def _pause(self, first: int, reach: int) -> int | None:
        """Return the best place to stop, or before a look that would be cut."""
        enough = first + int((reach - first) * _FULL_ENOUGH)
        for pause in _PAUSES:
            if place := self._last(pause, enough, reach):
                return place
        if place := self._last(_PAUSES[-1], first, reach):
            return place
        whole = self._cut_whole(reach)
        return whole.first if whole and whole.first > first else None

    def _last(self, pause: re.Pattern[str], after: int, reach: int) -> int | None:
        ends = [match.end() for match in pause.finditer(self._text, after, reach)]
        return next((end for end in reversed(ends) if end > after and self._is_free(end)), None)

    def _is_free(self, place: int) -> bool:
        return not self._cut_whole(place) and not _is_joined(self._text, place)

    def _cut_whole(self, place: int) -> _Span | None:
        """Return the stretch of looks, each short enough for one message, that a cut would hit."""
        at = bisect_right(self._whole, place, key=lambda span: span.first) - 1
        span = self._whole[at] if at >= 0 else None
        return span if span and span.is_cut_at(place) else None

    def _forced(self, first: int, reach: int) -> int:
        """Return a place inside a word: between graphemes, or else between characters."""
        import regex  # 6 MiB that only words longer than a message need

        window = self._text[first : reach + 1]
        ends = [first + match.end() for match in regex.finditer(r"\X", window)]
        fitting = [end for end in ends if end <= reach]
        return next(
            (end for end in reversed(fitting) if not self._cut_whole(end)),
            fitting[-1] if fitting else reach,
        )


def _merged(spans: Iterator[_Span]) -> Sequence[_Span]:
    merged: list[_Span] = []
    for span in sorted(spans, key=lambda each: (each.first, -each.last)):
        if merged and span.first < merged[-1].last:
            merged[-1] = _Span(merged[-1].first, max(merged[-1].last, span.last))
        else:
            merged.append(span)
    return merged


def _is_joined(text: str, place: int) -> bool:
    """Tell whether what follows belongs to the character before."""
    following = text[place : place + 1]
    return bool(following) and (
        following == _JOINER or unicodedata.category(following).startswith("M")
    )

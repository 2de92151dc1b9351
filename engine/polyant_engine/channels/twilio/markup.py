"""Text and looks as WhatsApp's markup: *bold*, _italic_, ~struck~, ```code```, `code`, > quote.

The apps read markup only at the edge of words and within a line, so a look that begins inside a word
is left out, one over several lines is written for each, and one whose words hold its own mark is left
out too. Links have no markup: their targets are written behind their words, and apps make links of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from polyant_engine.channels.telegram.entities import Entity, Formatted, Kind, units

_MARKS = {Kind.BOLD: "*", Kind.ITALIC: "_", Kind.STRUCK: "~", Kind.CODE: "`", Kind.BLOCK: "```"}


@dataclass(frozen=True)
class _Stretch:
    """A look in characters, not in units."""

    kind: Kind
    first: int
    last: int


def written_out(formatted: Formatted) -> Formatted:
    """Return the text with the targets of links behind their words."""
    links = [each for each in formatted.entities if each.kind is Kind.LINK and each.url]
    found = formatted
    for link in sorted(links, key=lambda each: each.end, reverse=True):
        words = _inside(found.text, link)
        if link.url is not None and words not in (link.url, link.url.removeprefix("https://")):
            found = _inserted(found, link.end, f" ({link.url})")
    kept = tuple(each for each in found.entities if each.kind is not Kind.LINK)
    return Formatted(found.text, kept)


def marked(formatted: Formatted) -> str:
    """Return the text with markup."""
    text = formatted.text
    places = _places(text, formatted.entities)
    opening: dict[int, str] = {}
    closing: dict[int, str] = {}
    for stretch in places:
        for first, last, mark in _marks(text, stretch):
            opening[first] = opening.get(first, "") + mark
            closing[last] = mark + closing.get(last, "")
    quoted = _quoted_lines(text, places)
    edges = sorted({0, len(text), *opening, *closing, *quoted})
    written = []
    for start, end in zip(edges, [*edges[1:], len(text)], strict=True):
        written += [
            closing.get(start, ""),
            "> " if start in quoted else "",
            opening.get(start, ""),
            text[start:end],
        ]
    return "".join(written)


def _inside(text: str, entity: Entity) -> str:
    raw = text.encode("utf-16-le")
    return raw[entity.offset * 2 : entity.end * 2].decode("utf-16-le")


def _inserted(formatted: Formatted, at: int, more: str) -> Formatted:
    """Return the text with something more at a unit; looks that end there do not grow."""
    raw, size = formatted.text.encode("utf-16-le"), units(more)
    text = (raw[: at * 2] + more.encode("utf-16-le") + raw[at * 2 :]).decode("utf-16-le")
    moved = []
    for entity in formatted.entities:
        if entity.offset >= at:
            moved.append(replace(entity, offset=entity.offset + size))
        elif entity.end > at:
            moved.append(replace(entity, length=entity.length + size))
        else:
            moved.append(entity)
    return Formatted(text, tuple(moved))


def _places(text: str, entities: Sequence[Entity]) -> list[_Stretch]:
    """Return looks by characters; those that hold others first."""
    place, at = {0: 0}, 0
    for number, character in enumerate(text):
        at += 2 if character > "\uffff" else 1
        place[at] = number + 1
    ordered = sorted(entities, key=lambda each: (each.offset, -each.length))
    return [_Stretch(each.kind, place[each.offset], place[each.end]) for each in ordered]


def _marks(text: str, stretch: _Stretch) -> Iterator[tuple[int, int, str]]:
    """Return where the marks of a look stand."""
    mark = _MARKS.get(stretch.kind)
    if mark is None:
        return
    if stretch.kind is Kind.BLOCK:
        lines = [(stretch.first, stretch.last)]
    else:
        lines = [_trimmed(text, *line) for line in _lines(text, stretch.first, stretch.last)]
    for first, last in lines:
        if first < last and mark not in text[first:last] and _is_free(text, first, last):
            yield first, last, mark


def _lines(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    start = first
    for line in text[first:last].splitlines(keepends=True):
        yield start, start + len(line)
        start += len(line)


def _trimmed(text: str, first: int, last: int) -> tuple[int, int]:
    words = text[first:last]
    return first + len(words) - len(words.lstrip()), last - len(words) + len(words.rstrip())


def _is_free(text: str, first: int, last: int) -> bool:
    """Tell whether a look begins and ends at the edge of a word."""
    before, after = text[first - 1 : first], text[last : last + 1]
    return not (before.isalnum() or after.isalnum())


def _quoted_lines(text: str, places: Sequence[_Stretch]) -> set[int]:
    """Return where the lines of quotations begin."""
    return {
        start
        for each in places
        if each.kind is Kind.QUOTE
        for start, end in _lines(text, each.first, each.last)
        if text[start:end].strip() and (start == 0 or text[start - 1] == "\n")
    }

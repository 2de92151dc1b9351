"""A formatted text as stretches of one look each, in the order they are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from polyant_engine.channels.telegram.entities import Entity, Formatted, Kind

# What stands on lines of its own; all else is part of a line.
BLOCKS = (Kind.BLOCK, Kind.QUOTE)


@dataclass(frozen=True)
class Run:
    """Text that looks the same from its first to its last character."""

    text: str
    kinds: frozenset[Kind]
    url: str | None = None

    @property
    def block(self) -> Kind | None:
        """Return the block it belongs to; of code in a quotation, the code."""
        return next((kind for kind in BLOCKS if kind in self.kinds), None)


def paragraphs(formatted: Formatted) -> Iterator[tuple[Kind | None, Sequence[Run]]]:
    """Return what stands together: each block, and what is between blocks."""
    found = _marked(formatted)
    for (_, block), group in groupby(found, key=lambda each: (each[0], each[1].block)):
        runs = trimmed([run for _, run in group])
        if runs:
            yield block, runs


def trimmed(runs: Sequence[Run]) -> Sequence[Run]:
    """Drop empty lines around: every block begins and ends one by itself."""
    left = list(runs)
    while left and not left[0].text.strip("\n"):
        left.pop(0)
    while left and not left[-1].text.strip("\n"):
        left.pop()
    if left:
        first = left[0]
        left[0] = Run(first.text.lstrip("\n"), first.kinds, first.url)
        last = left[-1]
        left[-1] = Run(last.text.rstrip("\n"), last.kinds, last.url)
    return left


def _marked(formatted: Formatted) -> Iterator[tuple[int | None, Run]]:
    """Return the runs, each with the number of its block: two that touch are still two."""
    raw = formatted.text.encode("utf-16-le")
    bounds = {0, len(raw) // 2}
    for entity in formatted.entities:
        bounds |= {entity.offset, entity.end}
    places = sorted(bounds)
    for start, end in pairwise(places):
        covering = [each for each in formatted.entities if each.offset <= start < each.end]
        text = raw[start * 2 : end * 2].decode("utf-16-le", "replace")
        url = next((each.url for each in covering if each.kind is Kind.LINK), None)
        run = Run(text, frozenset(each.kind for each in covering), url)
        yield _number(covering, formatted), run


def _number(covering: Sequence[Entity], formatted: Formatted) -> int | None:
    inner = next((e for kind in BLOCKS for e in covering if e.kind is kind), None)
    return None if inner is None else formatted.entities.index(inner)

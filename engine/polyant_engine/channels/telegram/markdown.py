"""The model's Markdown as text and entities.

Anything the parser does not know stays as it was written: no word of an answer may be lost to a
format. Telegram has no headings, lists or tables, so headings are bold, lists keep their marks, and
tables are blocks of fixed-width text.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode as Node

from polyant_engine.channels.telegram.entities import Entity, Formatted, Kind, encodable, units

# Deeper blocks would be dropped by the parser without a word, so such a text is sent as it is.
DEEPEST = 60
# Links of other kinds are dropped by the vendor; they are written out.
LINKED = ("http://", "https://", "tg://")
BULLETS = "•◦▪"
LINE = "——————"
GAP = "\n\n"

_INLINE: Mapping[str, Kind] = {"strong": Kind.BOLD, "em": Kind.ITALIC, "s": Kind.STRUCK}


def formatted(markdown: str) -> Formatted:
    """Return the text and the entities of a piece of Markdown."""
    source = encodable(markdown)
    root = _parsed(source)
    if root is None:
        return Formatted(source)
    writing = _Writing()
    writing.blocks(root.children)
    found = writing.result()
    return found if found.text.strip() else Formatted(source)


def _parser() -> MarkdownIt:
    options = {"html": False, "maxNesting": DEEPEST}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


_MARKDOWN = _parser()
# Without definitions `[1]: https://...`: where some are used by no link, they are a list of sources.
_WITHOUT_REFERENCES = _parser().disable("reference")


def _parsed(source: str) -> Node | None:
    found: dict[str, Any] = {}
    tokens = _MARKDOWN.parse(source, found)
    if found.get("references") and _has_unused(found["references"], Node(tokens)):
        tokens = _WITHOUT_REFERENCES.parse(source)
    if any(token.level >= DEEPEST - 2 for token in tokens):
        return None
    return Node(tokens)


def _has_unused(references: Mapping[str, Mapping[str, str]], root: Node) -> bool:
    used = {_target(node) for node in root.walk() if node.type in ("link", "image")}
    return any(reference["href"] not in used for reference in references.values())


def _target(node: Node) -> str:
    return str(node.attrs.get("href" if node.type == "link" else "src", ""))


@dataclass(eq=False)
class _Open:
    kind: Kind
    start: int
    url: str | None = None


@dataclass
class _Writing:
    """Text so far, and the looks that are open."""

    at: int = 0
    depth: int = 0
    parts: list[str] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    looks: list[_Open] = field(default_factory=list)

    def result(self) -> Formatted:
        ordered = sorted(self.entities, key=lambda entity: (entity.offset, -entity.length))
        return Formatted("".join(self.parts), tuple(ordered))

    def blocks(self, nodes: Iterable[Node], gap: str = GAP) -> None:
        for count, node in enumerate(nodes):
            if count:
                self.write(gap)
            _BLOCKS.get(node.type, _Writing.unknown)(self, node)

    def inlines(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            if node.type in _INLINE:
                with_look = _Open(_INLINE[node.type], self.at)
                self.inside(with_look, node.children)
            else:
                _INLINES.get(node.type, _Writing.unknown)(self, node)

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.at += units(text)

    def inside(self, look: _Open, nodes: Sequence[Node]) -> None:
        """Write nodes with a look; one that is open already goes on."""
        if self.is_inside(look.kind):
            self.inlines(nodes)
            return
        self.looks.append(look)
        self.inlines(nodes)
        self.looks.remove(look)
        self.close(look)

    def is_inside(self, kind: Kind) -> bool:
        return any(look.kind is kind for look in self.looks)

    def close(self, look: _Open) -> None:
        self.entity(look.kind, look.start, url=look.url)

    def entity(self, kind: Kind, start: int, **more: str | None) -> None:
        if self.at > start:
            self.entities.append(Entity(kind=kind, offset=start, length=self.at - start, **more))

    def fixed(self, kind: Kind, text: str, language: str | None = None) -> None:
        """Write code: it can be in no other look, so these end before it and begin again."""
        interrupted = [look for look in self.looks if look.kind is not Kind.QUOTE]
        for look in interrupted:
            self.close(look)
        start = self.at
        self.write(text)
        self.entity(kind, start, language=language)
        for look in interrupted:
            look.start = self.at

    def paragraph(self, node: Node) -> None:
        self.inlines(child for inline in node.children for child in inline.children)

    def heading(self, node: Node) -> None:
        children = [child for inline in node.children for child in inline.children]
        self.inside(_Open(Kind.BOLD, self.at), children)

    def quote(self, node: Node) -> None:
        """Write a quotation; one inside another is part of it, as the vendor knows one level."""
        is_inner = self.is_inside(Kind.QUOTE)
        look = _Open(Kind.QUOTE, self.at)
        self.looks.append(look)
        self.blocks(node.children)
        self.looks.remove(look)
        if not is_inner:
            self.close(look)

    def code(self, node: Node) -> None:
        words = node.info.split(maxsplit=1)
        self.fixed(Kind.BLOCK, node.content.removesuffix("\n"), words[0] if words else None)

    def items(self, node: Node) -> None:
        first = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
        gap = "\n" if _is_tight(node) else GAP
        for count, item in enumerate(node.children):
            mark = BULLETS[self.depth % len(BULLETS)] if first is None else f"{first + count}."
            self.write((gap if count else "") + "  " * self.depth + mark + " ")
            self.depth += 1
            self.blocks(item.children, gap)
            self.depth -= 1

    def line(self, _: Node) -> None:
        self.write(LINE)

    def table(self, node: Node) -> None:
        rows = [
            [_plain(cell) for cell in row.children]
            for part in node.children
            for row in part.children
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        shown = [
            " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        shown.insert(1, "-+-".join("-" * width for width in widths))
        self.fixed(Kind.BLOCK, "\n".join(shown))

    def text(self, node: Node) -> None:
        self.write(node.content)

    def inline_code(self, node: Node) -> None:
        if self.is_inside(Kind.LINK):  # of the two, only the link cannot be guessed
            self.write(node.content)
        else:
            self.fixed(Kind.CODE, node.content)

    def newline(self, _: Node) -> None:
        self.write("\n")

    def link(self, node: Node) -> None:
        target = _target(node)
        if not target.startswith(LINKED):
            self.inlines(node.children)
            self.write(f" ({target})" if target else "")
        elif not node.children:
            self.write(target)
        else:
            self.inside(_Open(Kind.LINK, self.at, target), node.children)

    def image(self, node: Node) -> None:
        target, start = _target(node), self.at
        self.write(node.content or target)
        if self.is_inside(Kind.LINK):
            return
        if target.startswith(LINKED):
            self.entity(Kind.LINK, start, url=target)
        elif node.content:
            self.write(f" ({target})")

    def unknown(self, node: Node) -> None:
        self.write(_plain(node))


def _is_tight(node: Node) -> bool:
    paragraphs = [
        each for item in node.children for each in item.children if each.type == "paragraph"
    ]
    return all(paragraph.hidden for paragraph in paragraphs)


def _plain(node: Node) -> str:
    """Return the words of a node, in one line, links written out."""
    if node.type in ("softbreak", "hardbreak"):
        return " "
    if node.token is not None and not (node.children and node.type != "image"):
        return node.content
    inner = "".join(map(_plain, node.children))
    target = _target(node) if node.type == "link" else ""
    return f"{inner} ({target})" if target not in ("", inner) else inner


_Writer = Callable[[_Writing, Node], None]
_BLOCKS: Mapping[str, _Writer] = {
    "paragraph": _Writing.paragraph,
    "heading": _Writing.heading,
    "blockquote": _Writing.quote,
    "fence": _Writing.code,
    "code_block": _Writing.code,
    "bullet_list": _Writing.items,
    "ordered_list": _Writing.items,
    "hr": _Writing.line,
    "table": _Writing.table,
}
_INLINES: Mapping[str, _Writer] = {
    "text": _Writing.text,
    "code_inline": _Writing.inline_code,
    "softbreak": _Writing.newline,
    "hardbreak": _Writing.newline,
    "link": _Writing.link,
    "image": _Writing.image,
}

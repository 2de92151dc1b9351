"""Formatted text as a rich text block: no markup, so nothing in it can be misread.

Slack's own editor makes these, and its documentation prefers them to mrkdwn, in which a star or a
backtick of the text itself cannot be escaped.
https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polyant_engine.channels.slack.runs import Run, paragraphs
from polyant_engine.channels.telegram.entities import Formatted, Kind

LINKED = ("http://", "https://")
# Without what closes a sentence or a bracket around it.
_BARE_URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'()\[\]{}]")
_STYLES: Mapping[Kind, str] = {
    Kind.BOLD: "bold",
    Kind.ITALIC: "italic",
    Kind.STRUCK: "strike",
    Kind.CODE: "code",
}
_ELEMENTS: Mapping[Kind | None, str] = {
    None: "rich_text_section",
    Kind.QUOTE: "rich_text_quote",
    Kind.BLOCK: "rich_text_preformatted",
}


def rich_text(formatted: Formatted) -> Sequence[Mapping[str, Any]]:
    """Return the blocks of a message; plain text is one too, or its stars would be read as marks."""
    elements = [
        {"type": _ELEMENTS[block], "elements": [each for run in runs for each in _elements(run)]}
        for block, runs in paragraphs(formatted)
    ]
    return ({"type": "rich_text", "elements": elements},) if elements else ()


def _elements(run: Run) -> Iterator[Mapping[str, Any]]:
    if run.block is Kind.BLOCK:
        yield {"type": "text", "text": run.text}
        return
    style = {name: True for kind, name in _STYLES.items() if kind in run.kinds}
    for text, url in _linked(run):
        shown = (
            {"type": "link", "url": url, "text": text} if url else {"type": "text", "text": text}
        )
        yield {**shown, "style": style} if style else shown


def _linked(run: Run) -> Iterator[tuple[str, str | None]]:
    """Return texts with their targets: in a rich text the vendor finds no links by itself."""
    if run.url is not None:
        known = run.url.startswith(LINKED)
        yield (run.text, run.url) if known else (f"{run.text} ({run.url})", None)
        return
    at = 0
    for found in () if Kind.CODE in run.kinds else _BARE_URL.finditer(run.text):
        if found.start() > at:
            yield run.text[at : found.start()], None
        yield found[0], found[0]
        at = found.end()
    if at < len(run.text):
        yield run.text[at:], None

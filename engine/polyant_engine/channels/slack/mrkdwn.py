"""Slack's markup, both ways: what people wrote as plain text, what the agent says as a fallback.

Written, it is what notifications and old clients show of a message, and all of a message whose
blocks the vendor refuses. `&`, `<` and `>` are escaped, so no text can call a channel or a person.
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from polyant_engine.channels.slack.runs import Run, paragraphs
from polyant_engine.channels.telegram.entities import Formatted, Kind

_MARKUP = re.compile(r"<([^<>\s][^<>\n]*)>")
_MARKS: Mapping[Kind, str] = {
    Kind.CODE: "`",
    Kind.STRUCK: "~",
    Kind.ITALIC: "_",
    Kind.BOLD: "*",
}
# In a URL these would end the link or its address.
_ENCODED = str.maketrans({"|": "%7C", ">": "%3E", "<": "%3C", " ": "%20", "\n": ""})


def written(formatted: Formatted) -> str:
    """Return a text in the vendor's markup."""
    return "\n".join(_paragraph(block, runs) for block, runs in paragraphs(formatted))


def escaped(text: str) -> str:
    """Return a text in which nothing means more than it says."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _paragraph(block: Kind | None, runs: Sequence[Run]) -> str:
    if block is Kind.BLOCK:
        return f"```\n{escaped(''.join(run.text for run in runs))}\n```"
    said = "".join(_said(run) for run in runs)
    return "\n".join(f"> {line}" for line in said.split("\n")) if block is Kind.QUOTE else said


def _said(run: Run) -> str:
    if run.url:
        label = escaped(run.text).replace("\n", " ")
        return _marked(f"<{escaped(run.url.translate(_ENCODED))}|{label}>", run.kinds)
    # A mark must touch what it marks, and ends with the line.
    return "\n".join(_line(line, run.kinds) for line in run.text.split("\n"))


def _line(line: str, kinds: frozenset[Kind]) -> str:
    inner = line.strip(" \t")
    if not inner or not kinds & _MARKS.keys():
        return escaped(line)
    before, after = line.split(inner, 1)
    return f"{before}{_marked(escaped(inner), kinds)}{after}"


def _marked(text: str, kinds: frozenset[Kind]) -> str:
    for kind, mark in _MARKS.items():
        if kind in kinds:
            text = f"{mark}{text}{mark}"
    return text


def plain(text: str, me: str = "") -> str:
    """Return what somebody wrote, as they see it, without the app's own name `me` (its user id)."""
    return "".join(_pieces(text, me)).strip()


def _pieces(text: str, me: str) -> Iterator[str]:
    at = 0
    for found in _MARKUP.finditer(text):
        yield unescaped(text[at : found.start()])
        shown = _shown(found[1], me)
        at = found.end()
        if not shown and text[at : at + 1] in (" ", ",", ":"):
            at += 1  # the space behind the name that was left out
        yield unescaped(shown)
    yield unescaped(text[at:])


def unescaped(text: str) -> str:
    """Return a text without the vendor's three escapes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def names(text: str, user: str) -> bool:
    """Tell whether a text mentions a user."""
    return bool(user) and any(
        found[1].partition("|")[0] == f"@{user}" for found in _MARKUP.finditer(text)
    )


def _shown(inner: str, me: str) -> str:
    target, _, label = inner.partition("|")
    kind, name = target[:1], target[1:]
    if kind == "@":
        return "" if me and name == me else f"@{(label or name).removeprefix('@')}"
    if kind == "#":
        return f"#{label or name}"
    if kind == "!":  # <!here>, <!subteam^S1|@team>, <!date^1^{date}|March 1>
        return label or f"@{name.partition('^')[0]}"
    address = target.removeprefix("mailto:").removeprefix("tel:")
    if not label or label in (address, re.sub(r"^https?://", "", address)):
        return address
    return f"{label} ({target})"

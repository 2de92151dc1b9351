"""Turns a template name and values into HTML.

Templates escape by default and fail on an unknown name. Static files are addressed by a hash of
their content, so a browser may keep them for ever and never sees an old one.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2

PACKAGE = Path(__file__).parent.parent
STATIC = PACKAGE / "static"
_HUES = 6


class Renderer:
    """Holds the compiled templates of the process."""

    def __init__(self) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(PACKAGE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(static=self.static_url)
        self._environment.filters.update(hue=hue, monogram=monogram, day=day)

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """Return the HTML."""
        return self._environment.get_template(template).render(values)

    def static_url(self, path: str) -> str:
        """Return the address of a static file, with the hash of its content."""
        return f"/static/{path}?v={self._digests[path]}"

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        files = (path for path in STATIC.rglob("*") if path.is_file())
        return {path.relative_to(STATIC).as_posix(): _digest(path) for path in files}


def hue(slug: str) -> int:
    """Return the number of the colour an agent keeps for life."""
    return sum(slug.encode()) % _HUES


def monogram(name: str) -> str:
    """Return one or two letters that stand for a name."""
    words = [word for word in name.replace("-", " ").replace("_", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    letters = words[0][0] + words[1][0] if len(words) > 1 else words[0][:2]
    return letters.upper()


def day(moment: datetime) -> str:
    """Return a date for people."""
    return f"{moment.day} {moment:%b %Y}"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]

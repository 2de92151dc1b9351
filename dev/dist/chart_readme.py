"""The chart's README: its fixed text, and a table of the values from the comments of `values.yaml`."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from dev.dist.manifests import CHART

README = CHART / "README.md"
TEXT = CHART / "README.md.in"
VALUES = CHART / "values.yaml"
MARK = "<!-- values -->\n"
KEY = re.compile(r"^( *)([A-Za-z]\w*):")


def readme() -> str:
    """Give the text of the chart's README."""
    return TEXT.read_text(encoding="utf-8").replace(MARK, _table())


def _table() -> str:
    text = VALUES.read_text(encoding="utf-8")
    words = comments(text)
    rows = [
        f"| `{path}` | `{json.dumps(value)}` | {words[path]} |\n"
        for path, value in _leaves(yaml.safe_load(text))
    ]
    return "| value | default | what it does |\n|---|---|---|\n" + "".join(rows)


def _leaves(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Give every value that has no name of its own below it."""
    for name, value in values.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping) and value and above + name != "resources":
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value


def comments(text: str) -> dict[str, str]:
    """Give the comment above each value, by the value's path."""
    found: dict[str, str] = {}
    path: list[str] = []
    words: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            words.append(line.lstrip("# ").rstrip())
        elif (key := KEY.match(line)) is not None:
            path = [*path[: len(key[1]) // 2], key[2]]
            if words:
                found[".".join(path)] = " ".join(words)
            words = []
        else:
            words = []
    return found

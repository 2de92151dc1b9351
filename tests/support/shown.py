"""Every PolyantInstance that examples and pages show to people."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```ya?ml\n(.*?)^```", re.MULTILINE | re.DOTALL)
SKIPPED = {".venv", "node_modules", ".polyant"}


def instances() -> list[tuple[str, dict[str, Any]]]:
    """Give place and object of each; the second of a page and those after it are numbered."""
    found: list[tuple[str, dict[str, Any]]] = []
    seen: Counter[str] = Counter()
    for path, text in _texts():
        for document in _documents(text):
            if isinstance(document, dict) and document.get("kind") == "PolyantInstance":
                place = str(path.relative_to(ROOT))
                seen[place] += 1
                number = f", {seen[place]}" if seen[place] > 1 else ""
                found.append((f"{place}{number}", document))
    return found


def _texts() -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / "examples").rglob("*.yaml")):
        yield path, path.read_text()
    for path in sorted(
        (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"))
    ):
        for block in BLOCK.findall(path.read_text()):
            yield path, block


def _documents(text: str) -> list[Any]:
    if "kind: PolyantInstance" not in text:
        return []
    return list(yaml.safe_load_all(text))

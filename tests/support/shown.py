"""Every PolyantInstance that examples and pages show to people."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```ya?ml\n(.*?)^```", re.MULTILINE | re.DOTALL)
SKIPPED = {".venv", "node_modules", ".polyant"}


def instances() -> list[tuple[str, dict[str, Any]]]:
    """Give place and object of each."""
    return [
        (f"{path.relative_to(ROOT)}", document)
        for path, text in _texts()
        for document in _documents(text)
        if isinstance(document, dict) and document.get("kind") == "PolyantInstance"
    ]


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

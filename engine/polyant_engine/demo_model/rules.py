"""Read a rules file, or say everything that is wrong with it."""

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from polyant_engine.demo_model import model


class InvalidRules(Exception):
    """A rules file cannot be used; the message lists every reason."""


def read(path: Path) -> model.Rules:
    """Read YAML or JSON from `path`."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRules(f"{path}: cannot be read as UTF-8 text: {error}") from error
    return parse(content, source=str(path), is_json=path.suffix == ".json")


def parse(content: str, *, source: str, is_json: bool = False) -> model.Rules:
    """Validate the text of a rules file; `source` names it in messages."""
    try:
        document: Any = json.loads(content) if is_json else yaml.safe_load(content)
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidRules(
            f"{source}: not valid {'JSON' if is_json else 'YAML'}: {error}"
        ) from error
    if not isinstance(document, dict):
        raise InvalidRules(f"{source}: expected an object with the key `rules`")
    try:
        return model.Rules.model_validate(document)
    except ValidationError as error:
        lines = [f"{source}: {_line(problem)}" for problem in error.errors()]
        raise InvalidRules("\n".join(lines)) from error


def _line(problem: Any) -> str:
    place = ".".join(str(step) for step in problem["loc"]) or "file"
    cure = "; remove it or correct its spelling" if problem["type"] == "extra_forbidden" else ""
    return f"{place}: {problem['msg']}{cure}"

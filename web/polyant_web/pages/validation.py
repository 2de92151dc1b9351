"""Brings the engine's complaints to the fields they are about.

The engine decides what is valid; the panel only finds the field. A complaint names its field
either outright or as its first word ("slug must be ..."). What fits no field is shown on top.
"""

from collections.abc import Collection
from dataclasses import dataclass

from polyant_web.engine.errors import Conflict, EngineRefused, FieldProblem, Invalid


@dataclass(frozen=True, kw_only=True)
class Complaints:
    """What to show at each field, and on top of the form."""

    fields: dict[str, str]
    form: tuple[str, ...]


_PATTERN = "String should match pattern"

NONE = Complaints(fields={}, form=())

# The errors that are about what was entered; all others are not a form's business.
ENTERED_WRONGLY = (Invalid, Conflict)


def sort(error: EngineRefused, fields: Collection[str], *, conflict: str = "") -> Complaints:
    """Sort the problems of an error to fields; a conflict is about the field named."""
    at: dict[str, str] = {}
    rest: list[str] = []
    for problem in error.problems:
        name = _field(problem, fields)
        if not name and isinstance(error, Conflict):
            name = conflict
        if name:
            at[name] = f"{at[name]} {_sentence(problem)}" if name in at else _sentence(problem)
        else:
            rest.append(_sentence(problem))
    return Complaints(fields=at, form=tuple(rest))


def _field(problem: FieldProblem, fields: Collection[str]) -> str:
    if problem.field:
        return problem.field if problem.field in fields else ""
    first = problem.message.split(maxsplit=1)[0].strip(":`'\"") if problem.message else ""
    return first if first in fields else ""


def _sentence(problem: FieldProblem) -> str:
    text = problem.message.strip()
    if text.startswith(_PATTERN):
        return (
            "This is not in the expected form."  # a regular expression helps nobody; the hint does
        )
    text = text[:1].upper() + text[1:]
    return text + ("" if text.endswith((".", "!", "?")) else ".")

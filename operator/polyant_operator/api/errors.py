"""Why an object is refused: every problem at once, each with its place, its value and a cure.

    InvalidInstance   the object as a whole, holding
        FieldError    one problem of one field

Rules inside the models raise `refusal(...)`, which pydantic collects; `collected` turns what it
collected into field errors. The words equal those of the rules in `crds/`, so that a person reads
the same sentence from the API server, from `polyant-operator render` and from a condition.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import ErrorDetails, PydanticCustomError

REFUSAL: Final = "refusal"
_LONGEST_VALUE: Final = 100


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """One problem of one field."""

    path: str
    value: str
    message: str
    cure: str

    @property
    def text(self) -> str:
        """Say the problem and the cure in one line, without the place."""
        return f"{self.message}; {self.cure}"

    @property
    def line(self) -> str:
        """Say place, problem and cure in one line."""
        return f"{self.path}: {self.text}"


class InvalidInstance(Exception):
    """The object breaks rules; `errors` holds all of them."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors: tuple[FieldError, ...] = tuple(errors)
        super().__init__("\n".join(error.line for error in self.errors))


def refusal(message: str, cure: str, *, at: str = "") -> PydanticCustomError:
    """Make the error a rule raises; `at` names a field below the model that holds the rule."""
    context = {"message": message, "cure": cure, "at": at}
    return PydanticCustomError(REFUSAL, "{message}; {cure}", context)


def collected(details: Iterable[ErrorDetails], root: str = "") -> tuple[FieldError, ...]:
    """Turn what pydantic collected into field errors, in the order of their paths."""
    errors = {_field_error(detail, root) for detail in details}
    return tuple(sorted(errors, key=lambda error: (error.path, error.message)))


def path(location: Iterable[int | str], root: str = "") -> str:
    """Write a location the way Kubernetes does: `spec.engine.env[0].name`."""
    text = root
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _field_error(detail: ErrorDetails, root: str) -> FieldError:
    context: Mapping[str, Any] = detail.get("ctx", {})
    place = path(detail["loc"], root)
    value = shortened(detail["input"])
    if detail["type"] == REFUSAL:
        at = f"{place}.{context['at']}" if context["at"] else place
        return FieldError(path=at, value=value, message=context["message"], cure=context["cure"])
    message, cure = _structural(detail, value)
    return FieldError(path=place, value=value, message=message, cure=cure)


def _structural(detail: ErrorDetails, value: str) -> tuple[str, str]:
    match detail["type"]:
        case "missing":
            return "is required", "add the field"
        case "extra_forbidden":
            return "is not a field of this version", "correct its spelling or remove it"
        case _:
            return f"{value} is refused: {_lowered(detail['msg'])}", "correct the value"


def shortened(value: object) -> str:
    """Show a value in at most a hundred characters; mappings and lists by their kind only."""
    if isinstance(value, dict | list | tuple):
        return "object" if isinstance(value, dict) else "list"
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]

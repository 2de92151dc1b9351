"""Reading live objects: the few fields that checks need, with absence made harmless."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from polyant_operator.verdicts.observed import Live


def field(obj: Live | None, *path: str) -> Any:
    """The value at a path, or None."""
    value: Any = obj
    for name in path:
        if not isinstance(value, dict | Mapping):
            return None
        value = value.get(name)
    return value


def number(obj: Live | None, *path: str) -> int:
    """The whole number at a path, or 0."""
    value = field(obj, *path)
    return value if isinstance(value, int) else 0


def items(obj: Live | None, *path: str) -> tuple[Live, ...]:
    """The objects of the list at a path."""
    value = field(obj, *path)
    listed = value if isinstance(value, Iterable) and not isinstance(value, str | Mapping) else ()
    return tuple(item for item in listed if isinstance(item, dict | Mapping))


def condition(obj: Live | None, kind: str) -> Live | None:
    """The condition of a type."""
    return next(
        (each for each in items(obj, "status", "conditions") if each.get("type") == kind), None
    )


def is_true(obj: Live | None, kind: str) -> bool:
    """Whether a condition is True."""
    return bool(field(condition(obj, kind), "status") == "True")


def moment(text: object) -> datetime | None:
    """A time as the API server writes it."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC) if text else None
    except ValueError:
        return None


def sentence(text: object, limit: int = 600) -> str:
    """Foreign text made fit for a message: one line, printable, bounded."""
    words = " ".join(str(text or "").split())
    clean = words if words.isprintable() else "".join(filter(str.isprintable, words))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"

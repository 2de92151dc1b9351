"""The table of environment variables, and who reads what, for every test that compares with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

Process = Literal["engine", "migrate", "web"]
Use = Literal["required", "optional", "ignored"]
Setting = Literal["always", "sometimes"]

PROCESSES: tuple[Process, ...] = ("engine", "migrate", "web")
TABLE = Path(__file__).parents[1] / "unit" / "contract" / "environment.yaml"
FIELDS = {*PROCESSES, "operator", "secret", "default"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One variable of the table."""

    name: str
    uses: Mapping[Process, Use]
    operator: Mapping[Process, Setting] = field(default_factory=dict)
    secret: bool = False
    default: str | Mapping[str, str] | None = None

    def default_of(self, process: Process) -> str | None:
        """Give what a process takes when the variable is unset; nothing if it ignores it."""
        if self.uses.get(process) == "ignored":
            return None
        if isinstance(self.default, Mapping):
            return self.default.get(process)
        return self.default

    def is_named(self, name: str) -> bool:
        """Tell whether a variable's name is this row's, also as a file or after a prefix."""
        plain = name.removesuffix("_FILE") if self.secret else name
        if self.name.endswith("*"):
            return plain.startswith(self.name.removesuffix("*"))
        return self.name in {plain, name}


@cache
def table() -> Mapping[str, Row]:
    content: dict[str, dict[str, Any]] = yaml.safe_load(TABLE.read_text())
    return {name: _row(name, row) for name, row in content.items()}


def rows(process: Process) -> Iterator[Row]:
    """Give the rows of the variables that a process knows."""
    return (row for row in table().values() if process in row.uses)


def required(process: Process) -> set[str]:
    return {row.name for row in rows(process) if row.uses[process] == "required"}


def unread(process: Process, names: Mapping[str, object]) -> set[str]:
    """Give the variables that are set for a process and that it does not read."""
    known = [row for row in rows(process) if row.uses[process] != "ignored"]
    return {name for name in names if not any(row.is_named(name) for row in known)}


def missing(process: Process, names: Mapping[str, object]) -> set[str]:
    """Give the required variables that are set in no form."""
    return {
        row.name
        for row in rows(process)
        if row.uses[process] == "required" and not any(row.is_named(name) for name in names)
    }


def _row(name: str, row: Mapping[str, Any]) -> Row:
    unknown = set(row) - FIELDS
    assert not unknown, f"{name}: {unknown} is no column of the table"
    return Row(
        name=name,
        uses={process: row[process] for process in PROCESSES if process in row},
        operator=row.get("operator", {}),
        secret=row.get("secret", False),
        default=row.get("default"),
    )

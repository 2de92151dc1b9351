"""`python -m dev.docs.environment` writes `docs/reference/environment.md` from the settings.

The tables are `VARIABLES` of engine, panel and operator. A test fails when the page is out of date.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from polyant_engine import settings as engine
from polyant_operator import settings as operator
from polyant_web import settings as web

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "environment.md"

OPENING = """\
# Environment variables

Made by `python -m dev.docs.environment` from the settings of engine, panel and operator:
change them there.

* An empty value means unset. Surrounding blanks do not count.
* A **secret** may be given as `NAME_FILE` instead, the path of a file that holds the value.
* Wrong values are reported all at once, each with the expected form and what to do; the process then
  ends with exit code 64. The value of a secret is never shown.
* In Kubernetes the operator sets what follows from the PolyantInstance. These names are refused in
  `spec.engine.env` and `spec.web.env`; the error names the field to use.
"""
ENGINE = """\
## Engine and migration

`polyant-engine serve` and `polyant-engine migrate` read one table. Outside Kubernetes `serve`
migrates first.
"""
WEB = """\
## Panel

`polyant-web serve`.
"""


OPERATOR = """\
## Operator

`polyant-operator run`. The Helm chart sets these from its values.
"""


class Row(Protocol):
    """What both settings modules say about a variable."""

    @property
    def form(self) -> str:
        """What a right value looks like."""

    @property
    def default(self) -> str | None:
        """What holds when it is unset."""

    @property
    def required(self) -> bool:
        """Whether the process starts without it."""

    @property
    def secret(self) -> bool:
        """Whether it may be given as a file."""

    @property
    def doc(self) -> str:
        """What it is for."""


def page() -> str:
    """Return the whole page."""
    sections = (
        *(OPENING, ENGINE, table(engine.VARIABLES)),
        *(WEB, table(web.VARIABLES)),
        *(OPERATOR, table(operator.VARIABLES)),
    )
    return "\n".join(sections)


def table(variables: Mapping[str, Row]) -> str:
    """Return one table in Markdown."""
    head = ("variable", "default", "form", "meaning")
    rows = [_cells(name, row) for name, row in variables.items()]
    return _lines([head, ("---",) * len(head), *rows])


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


def _cells(name: str, row: Row) -> tuple[str, ...]:
    marks = [word for word, holds in (("required", row.required), ("secret", row.secret)) if holds]
    shown = f"`{name}`" + (f" ({', '.join(marks)})" if marks else "")
    default = f"`{row.default}`" if row.default else ""
    return shown, default, row.form, row.doc


def _lines(rows: Iterable[tuple[str, ...]]) -> str:
    def escaped(cell: str) -> str:
        return cell.replace("|", "\\|")

    return "".join(f"| {' | '.join(map(escaped, row))} |\n" for row in rows)


if __name__ == "__main__":
    main()

"""Named SQL: statements live in a feature's `queries.sql`, code passes parameters only.

-- name: find_user
-- What it is for.
SELECT ... WHERE email = $1;

queries = load_queries("polyant_engine.accounts")
await database.fetchrow(queries["find_user"], email)
"""

import re
from collections.abc import Iterator, Mapping
from importlib import resources

from typing_extensions import override

_MARK = re.compile(r"^-- name: (?P<name>[a-z][a-z0-9_]*)[ \t]*$", re.MULTILINE)


class Queries(Mapping[str, str]):
    """The statements of one feature by name."""

    def __init__(self, source: str, statements: Mapping[str, str]) -> None:
        self._source = source
        self._statements = dict(statements)

    @override
    def __getitem__(self, name: str) -> str:
        try:
            return self._statements[name]
        except KeyError as missing:
            raise KeyError(f"{self._source} has no query named {name!r}") from missing

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    @override
    def __len__(self) -> int:
        return len(self._statements)


def load_queries(package: str) -> Queries:
    """Read `queries.sql` of a package."""
    text = resources.files(package).joinpath("queries.sql").read_text(encoding="utf-8")
    return parse_queries(package, text)


def parse_queries(source: str, text: str) -> Queries:
    """Split a file at its `-- name:` lines; a name used twice is an error."""
    marks = list(_MARK.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    statements: dict[str, str] = {}
    for mark, end in zip(marks, ends, strict=True):
        name = mark["name"]
        if name in statements:
            raise ValueError(f"{source}: query {name!r} is defined twice")
        statements[name] = text[mark.end() : end].strip().removesuffix(";")
    return Queries(source, statements)

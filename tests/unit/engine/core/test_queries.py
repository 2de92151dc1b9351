from pathlib import Path

import pytest

from polyant_engine.core.queries import load_queries, parse_queries

PACKAGES = sorted(
    f"polyant_engine.{path.parent.name}"
    for path in Path("engine/polyant_engine").glob("*/queries.sql")
)


def test_statements_are_found_by_name() -> None:
    found = parse_queries("x", "-- name: one\nSELECT 1;\n\n-- name: two\n-- why\nSELECT 2;\n")

    assert dict(found) == {"one": "SELECT 1", "two": "-- why\nSELECT 2"}


def test_a_name_is_used_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        parse_queries("x", "-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;")


def test_an_unknown_name_says_where_it_was_looked_for() -> None:
    with pytest.raises(KeyError, match="accounts"):
        load_queries("polyant_engine.accounts")["nothing"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_queries_can_be_read(package: str) -> None:
    assert len(load_queries(package)) > 0

"""Engine and panel read exactly the variables of the table."""

import pytest

from polyant_engine import settings as engine
from polyant_web import settings as web
from support import environment, recipes


def test_the_engine_knows_exactly_the_variables_of_the_table() -> None:
    expected = {row.name for row in environment.table().values() if row.uses.keys() - {"web"}}

    assert expected == set(engine.VARIABLES)


def test_the_panel_knows_exactly_the_variables_of_the_table() -> None:
    assert {row.name for row in environment.rows("web")} == set(web.VARIABLES)


@pytest.mark.parametrize("name", sorted(engine.VARIABLES))
def test_the_engine_agrees_about(name: str) -> None:
    row, variable = environment.table()[name], engine.VARIABLES[name]

    assert (
        row.secret,
        row.uses.get("engine") == "required",
        row.default_of("engine" if "engine" in row.uses else "migrate"),
    ) == (variable.secret, variable.required, variable.default)


@pytest.mark.parametrize("name", sorted(web.VARIABLES))
def test_the_panel_agrees_about(name: str) -> None:
    row, variable = environment.table()[name], web.VARIABLES[name]

    assert (row.secret, row.uses["web"] == "required", row.default_of("web")) == (
        variable.secret,
        variable.required,
        variable.default,
    )


def test_every_variable_is_explained() -> None:
    tables = (engine.VARIABLES, web.VARIABLES)

    assert [name for table in tables for name, row in table.items() if not row.doc] == []


def test_the_engine_starts_with_what_is_required_and_a_database() -> None:
    names = {*environment.required("engine"), "DATABASE_URL"}

    engine.load({name: recipes.SAMPLES[name] for name in names})


def test_the_migration_starts_with_what_is_required_and_a_database() -> None:
    names = {*environment.required("migrate"), "DATABASE_URL"}

    engine.load_migration({name: recipes.SAMPLES[name] for name in names})


def test_the_panel_starts_with_what_is_required() -> None:
    web.load({name: recipes.SAMPLES[name] for name in environment.required("web")})


@pytest.mark.parametrize("name", sorted(environment.required("engine")))
def test_the_engine_does_not_start_without(name: str) -> None:
    names = {*environment.required("engine"), "DATABASE_URL"} - {name}

    with pytest.raises(engine.ConfigurationError, match=name):
        engine.load({name: recipes.SAMPLES[name] for name in names})


@pytest.mark.parametrize("name", sorted(environment.required("web")))
def test_the_panel_does_not_start_without(name: str) -> None:
    names = environment.required("web") - {name}

    with pytest.raises(web.ConfigurationError, match=name):
        web.load({name: recipes.SAMPLES[name] for name in names})

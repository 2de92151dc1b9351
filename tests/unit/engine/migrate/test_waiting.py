import asyncpg
import pytest

from polyant_engine.migrate.waiting import explain, place


def test_a_database_is_named_without_its_password() -> None:
    named = place("postgresql://user:hunter2@db.example:5433/polyant?sslmode=require")

    assert named == "database polyant on db.example:5433"


@pytest.mark.parametrize(
    ("failed", "text"),
    [
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError("refused"), "refused"),
        (asyncpg.InvalidPasswordError("wrong password\nDETAIL: x"), "wrong password"),
        (OSError(), "OSError"),
    ],
)
def test_an_error_is_explained_in_one_line(failed: Exception, text: str) -> None:
    assert explain(failed) == text

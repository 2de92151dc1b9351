import uuid
from pathlib import Path

import pytest

from polyant_engine.installation import revisions
from polyant_engine.installation.model import State, key_problem, schema_problem
from polyant_engine.installation.service import Compatibility


def state(head: str = "0003", min_head: str = "0002", key_id: str = "aa") -> State:
    return State(
        id=uuid.UUID(int=1), owner=None, active_key_id=key_id, head=head, min_head=min_head
    )


@pytest.mark.parametrize(
    ("own", "fits"), [("0001", False), ("0002", True), ("0003", True), ("0004", False)]
)
def test_code_serves_a_schema_between_its_bounds(own: str, *, fits: bool) -> None:
    assert (schema_problem(state(), own) is None) is fits


def test_the_active_key_must_be_known() -> None:
    assert key_problem(state(), frozenset({"aa", "bb"})) is None
    assert "aa" in (key_problem(state(), frozenset({"bb"})) or "")


async def test_a_database_without_a_schema_is_a_reason_not_an_error() -> None:
    class Empty:
        async def state(self) -> State | None:
            return None

    check = Compatibility(Empty(), "0001", frozenset({"aa"})).check()

    assert "run migrate" in (await check.probe() or "")


def test_the_head_is_the_newest_migration(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    for name in ("0001_expand_a.py", "0010_contract_b.py", "0002_expand_c.py", "notes.py"):
        (tmp_path / "versions" / name).touch()

    assert revisions.own_head(tmp_path) == "0010"


def test_migrations_are_one_chain_without_gaps() -> None:
    scripts = sorted((revisions.home() / "versions").glob("[0-9]*.py"))

    for number, script in enumerate(scripts, start=1):
        text = script.read_text()
        before = f'"{number - 1:04}"' if number > 1 else "None"
        assert script.name.startswith(f"{number:04}_")
        assert f'revision = "{number:04}"' in text
        assert f"down_revision = {before}" in text

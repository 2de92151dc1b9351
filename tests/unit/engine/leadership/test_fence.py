"""The fence on a model of PostgreSQL's locks, and the form of guarded statements."""

import re
import uuid
from pathlib import Path

import pytest

import polyant_engine
from polyant_engine.installation import revisions
from polyant_engine.leadership import fence, terms
from support import fence_model
from support.fence_model import Guard, Rules, Session, Step, World

ENGINE = Path(polyant_engine.__file__).parent
WRITERS = tuple(Session(is_promotion=False, epoch=epoch) for epoch in (1, 1, 2))
PROMOTERS = tuple(Session(is_promotion=True, epoch=0) for _ in range(2))
START = World(1, (*WRITERS, *PROMOTERS))


@pytest.mark.parametrize("has_table_lock", [True, False])
def test_no_interleaving_commits_an_old_write_after_a_newer_promotion(
    *, has_table_lock: bool
) -> None:
    """Three writes of two epochs, two promotions, with crashes, freezes and rollbacks anywhere."""
    assert not fence_model.breaks(Rules(Guard.SHARE, has_table_lock), START)


@pytest.mark.parametrize(
    "rules",
    [
        Rules(Guard.PLAIN, has_table_lock=True),
        Rules(Guard.PLAIN, has_table_lock=False),
        Rules(Guard.KEY_SHARE, has_table_lock=False),
    ],
    ids=str,
)
def test_a_weaker_guard_is_found_out(rules: Rules) -> None:
    """Mutation: the search is worth something, because it finds the hole of each weaker lock."""
    assert fence_model.breaks(rules, START)


def test_the_search_sees_writes_and_promotions_succeed() -> None:
    """It is not safe because nothing happens."""
    found = fence_model.reachable(Rules(Guard.SHARE, has_table_lock=True), START)

    assert max(world.epoch for world in found) == 3
    for place in range(len(WRITERS)):
        ended = [w.sessions[place] for w in found if w.sessions[place].step is Step.DONE]
        assert any(session.has_written for session in ended)


def test_nobody_waits_for_ever_unless_somebody_stands_still() -> None:
    """No deadlock: a world in which nothing can move is one in which everybody has ended."""
    rules = Rules(Guard.SHARE, has_table_lock=True)

    for world in fence_model.reachable(rules, START):
        if not any(fence_model.steps(rules, world)):
            assert {session.step for session in world.sessions} == {Step.DONE}


def test_a_term_is_made_by_a_promotion_only() -> None:
    with pytest.raises(TypeError, match="promotion"):
        terms.Term(object(), 1, uuid.uuid4())


def test_a_guarded_statement_comes_from_a_file_only() -> None:
    with pytest.raises(TypeError, match="load_guarded"):
        fence.Guarded(object(), "x", "UPDATE t SET a = 1")


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("SELECT 1 FROM guard", "INSERT, UPDATE or DELETE"),
        ("UPDATE t SET a = 1 RETURNING a", "FROM guard"),
        ("UPDATE t SET a = 1 -- FROM guard\nRETURNING a", "FROM guard"),
        ("UPDATE t SET a = 1 FROM guard", "RETURNING"),
    ],
)
def test_a_body_that_would_not_be_guarded_is_refused(body: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        fence.parse_guarded("x", f"-- name: bad\n{body};")


def test_every_guarded_file_is_read_by_the_fence() -> None:
    """A body is only ever run with the guard around it."""
    readers = [
        path
        for path in ENGINE.rglob("*.py")
        if "guarded.sql" in path.read_text() and path.parts[-2:] != ("leadership", "fence.py")
    ]

    assert readers == []


def test_only_the_promotion_changes_the_fence() -> None:
    writes = re.compile(
        r"\b(?:UPDATE|INTO|DELETE FROM|TRUNCATE|LOCK TABLE)\s+fence\b", re.IGNORECASE
    )
    writers = {
        path.parent.name for path in ENGINE.rglob("*.sql") if writes.search(path.read_text())
    }

    assert writers == {"installation"}  # founds the row of a new installation


def test_leader_only_tables_are_written_by_guarded_statements_only() -> None:
    scripts = [path.read_text() for path in (revisions.home() / "versions").glob("*.py")]
    marked = {
        name for text in scripts for name in re.findall(r"TABLE (\w+) IS 'leader-only'", text)
    }
    others = [path for path in ENGINE.rglob("*.sql") if path.name != "guarded.sql"]
    writes = re.compile(rf"\b(?:UPDATE|INTO|DELETE FROM)\s+(?:{'|'.join(marked)})\b", re.IGNORECASE)

    assert "leader_heartbeat" in marked
    assert [path for path in others if writes.search(path.read_text())] == []

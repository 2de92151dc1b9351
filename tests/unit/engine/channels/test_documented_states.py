"""docs/reference/turns.md is what the statements do: every state, every transition, no other."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typing_extensions import override

import polyant_engine
from polyant_engine.channels.retrying import PartState
from polyant_engine.conversations.model import State
from polyant_engine.core.queries import parse_queries
from polyant_engine.installation import revisions

ENGINE = Path(polyant_engine.__file__).parent
PAGE = Path(__file__).parents[4] / "docs/reference/turns.md"
FILES = (
    "conversations/queries.sql",
    "channels/queries.sql",
    "channels/guarded.sql",
    "channels/twilio/queries.sql",
)
TITLES = {"turns": "# The life of a turn", "inbox": "## The inbox", "outbox": "## The outbox"}
# Ended by whoever runs it; the state is a parameter.
BY_PARAMETER = {
    "close_turn": {"done", "failed", "cancelled"},
    "close_queued_turn": {"done", "failed", "cancelled"},
    "mark_parts": {"queued", "sent", "unknown", "dead"},
}


@dataclass(frozen=True)
class Transition:
    table: str
    before: str
    after: str
    statement: str
    owner: str

    @override
    def __str__(self) -> str:
        return f"{self.table}-{self.before or 'new'}-{self.after}-{self.statement}"


def transitions() -> Iterator[Transition]:
    text = PAGE.read_text()
    for table, title in TITLES.items():
        section = re.split(r"^## ", text.split(title + "\n", 1)[1], flags=re.MULTILINE)[0]
        for line in section.splitlines():
            cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
            if len(cells) == 5 and cells[2] not in {"statement", "---"}:
                yield Transition(table, cells[0], cells[1], cells[2], cells[3])


ALL = list(transitions())


def statements() -> dict[str, tuple[str, str]]:
    """Give text and file of every statement."""
    return {
        name: (text, file)
        for file in FILES
        for name, text in parse_queries(file, (ENGINE / file).read_text()).items()
    }


def checked(table: str) -> set[str]:
    """Give the states that the newest CHECK of a table allows."""
    scripts = sorted((revisions.home() / "versions").glob("*.py"))
    text = "".join(path.read_text() for path in scripts)
    if table == "turns":
        found = re.findall(r"turns_state_check CHECK \(state IN \(([^)]*)\)", text)
    else:
        body = text.split(f"CREATE TABLE {table} (")[1]
        found = re.findall(r"CHECK \(state IN \(([^)]*)\)", body)[:1]
    return set(re.findall(r"'(\w+)'", found[-1]))


@pytest.mark.parametrize("table", TITLES)
def test_the_page_knows_every_state_of_the_table(table: str) -> None:
    named = {state for each in ALL if each.table == table for state in (each.before, each.after)}

    assert named - {""} == checked(table)


def test_the_code_knows_the_same_states() -> None:
    assert {state.value for state in State} == checked("turns")
    assert {state.value for state in PartState} == checked("outbox")


@pytest.mark.parametrize("each", ALL, ids=str)
def test_the_statement_of_a_transition_makes_it(each: Transition) -> None:
    text, file = statements()[each.statement]

    if each.after not in BY_PARAMETER.get(each.statement, set()) or each.table == "outbox":
        by_default = each.table == "outbox" and "INSERT INTO outbox" in text
        by_parameter = each.after in BY_PARAMETER.get(each.statement, set())
        assert f"'{each.after}'" in text or by_default or by_parameter
    assert each.before == "" or f"'{each.before}'" in text
    assert (each.owner == "the leader, fenced") is file.endswith("guarded.sql")


def test_every_statement_that_changes_a_state_is_on_the_page() -> None:
    changes = re.compile(
        r"(UPDATE (turns|outbox)\b(?! SET lease)[^;]*?\bSET\s[^;]*?\bstate = )"
        r"|INSERT INTO (turns|outbox|inbox)\b",
        re.DOTALL,
    )
    found = {name for name, (text, _) in statements().items() if changes.search(text)}

    assert found - {each.statement for each in ALL} - {"renew_leases", "begin_effect"} == set()

"""What the engine's migration says last is what the operator hears."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from polyant_engine.migrate import failures
from polyant_engine.migrate import report as said
from polyant_engine.migrate.failures import MigrationFailure
from polyant_operator.api import report as heard
from polyant_operator.api.report import ExitCode

DONE = said.Report(
    head="0002",
    min_head="0001",
    postgresql="16",
    pgvector="0.8.5",
    key_id="beddbe0eafa5f3ef",
    installation_id="0198c2f4-7a54-7b52-9d1e-6a3f0c1d2e3f",
    administrator_made=True,
    applied=("0001", "0002"),
)
CODES = {
    64: "InvalidConfiguration",
    65: "EncryptionKeyMismatch",
    66: "DatabaseNotSupported",
    67: "DatabaseNewer",
    68: "InstallationMismatch",
    69: "DatabaseUnreachable",
    70: "MigrationFailed",
}


def every_failure() -> list[type[MigrationFailure]]:
    return MigrationFailure.__subclasses__()


def line(value: object) -> str:
    return orjson.dumps(value).decode()


def test_the_operator_knows_the_codes_and_their_reasons() -> None:
    assert {reason.code: reason.value for reason in ExitCode} == CODES


def test_the_engine_knows_the_codes_and_their_reasons() -> None:
    assert {failure.code: failure.__name__ for failure in every_failure()} == CODES


def test_a_success_is_heard_whole() -> None:
    found = heard.report(line(DONE.wire()))

    assert found is not None
    assert found.model_dump() == {
        "head": DONE.head,
        "min_head": DONE.min_head,
        "postgresql": DONE.postgresql,
        "pgvector": DONE.pgvector,
        "key_id": DONE.key_id,
        "installation_id": DONE.installation_id,
        "administrator_made": DONE.administrator_made,
        "applied": DONE.applied,
    }


def test_a_success_is_heard_behind_log_lines() -> None:
    assert heard.report(f"a line of a log\n{line(DONE.wire())}\n") is not None


@pytest.mark.parametrize("failure", every_failure(), ids=lambda failure: failure.__name__)
def test_a_failure_is_heard_in_its_own_words(failure: type[MigrationFailure]) -> None:
    text = line(said.failure(failure("What is wrong.", "What to do.")))

    found = heard.error(text, failure.code)

    assert (found.reason, found.message, found.cure) == (
        failure.__name__,
        "What is wrong.",
        "What to do.",
    )


@given(message=some.text(max_size=5000), cure=some.text(max_size=5000))
def test_a_failure_of_any_length_fits_into_a_termination_message(message: str, cure: str) -> None:
    text = line(said.failure(failures.MigrationFailed(message, cure)))

    assert len(text.encode()) <= heard.LONGEST
    assert heard.error(text, 70).reason is ExitCode.MIGRATION_FAILED
    assert heard.error(text, 70).code == 70


def test_a_failure_is_no_success_and_the_other_way_round() -> None:
    failed = line(said.failure(failures.DatabaseNewer("newer", "upgrade")))

    assert heard.report(failed) is None
    assert heard.error(line(DONE.wire()), 70).cure == ""


def test_the_exit_code_is_believed_before_the_text() -> None:
    text = line(said.failure(failures.DatabaseNewer("newer", "upgrade")))

    assert heard.error(text, 69).reason is ExitCode.DATABASE_UNREACHABLE

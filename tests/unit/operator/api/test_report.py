"""Last words of a migration are believed only as far as they make sense."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyant_operator.api import report
from polyant_operator.api.report import ExitCode, MigrationError, MigrationReport

SUCCESS = (
    '{"head":"0002","minHead":"0001","pgvector":"0.8.0","keyId":"0123456789abcdef",'
    '"installationId":"7f","applied":["0001","0002"]}'
)
FAILURE = '{"error":{"code":65,"reason":"EncryptionKeyMismatch","message":"m","cure":"c"}}'


def test_a_success_is_read() -> None:
    assert report.report(SUCCESS) == MigrationReport(
        head="0002",
        min_head="0001",
        pgvector="0.8.0",
        key_id="0123456789abcdef",
        installation_id="7f",
        applied=("0001", "0002"),
    )


def test_a_failure_is_read() -> None:
    assert report.error(FAILURE, 65) == MigrationError(
        code=65, reason=ExitCode.ENCRYPTION_KEY_MISMATCH, message="m", cure="c"
    )


def test_the_end_of_a_log_is_read() -> None:
    """With FallbackToLogsOnError the report is the last JSON line of a log."""
    log = f'{{"level":"info"}}\n{FAILURE}\nbye\n'

    assert report.error(log, 65).message == "m"


def test_the_exit_code_is_believed_before_the_text() -> None:
    assert report.error(FAILURE, 69).reason is ExitCode.DATABASE_UNREACHABLE


def test_codes_and_words_are_those_of_the_contract() -> None:
    assert {reason.code: reason.value for reason in ExitCode} == {
        64: "InvalidConfiguration",
        65: "EncryptionKeyMismatch",
        66: "DatabaseNotSupported",
        67: "DatabaseNewer",
        68: "InstallationMismatch",
        69: "DatabaseUnreachable",
        70: "MigrationFailed",
    }


@pytest.mark.parametrize("code", [0, 1, 2, 63, 71, 137, 255])
def test_a_foreign_exit_code_is_a_failed_migration(code: int) -> None:
    assert report.error(None, code).reason is ExitCode.MIGRATION_FAILED


def test_without_a_report_the_last_words_stay() -> None:
    said = report.error("Traceback ...\nMemoryError", 1)

    assert (said.message, said.cure) == ("Traceback ... MemoryError", "")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "null",
        "[]",
        '{"error": []}',
        '{"error": {"code": "65"}}',
        '{"head": 2}',
        "{" * 4000,
        '{"a":' * 800,
        "[" * 100_000,
        SUCCESS.replace("0123456789abcdef", "not a key id!!!!"),
        SUCCESS.replace('"0002"', '"' + "x" * 500 + '"', 1),
        json.dumps({"head": "a", "minHead": "a", "keyId": "0" * 16, "installationId": None}),
    ],
)
def test_nonsense_is_no_success(text: str | None) -> None:
    assert report.report(text) is None


@pytest.mark.parametrize("text", ['{"a":' + "[" * 4000, '{"error":' * 400, '{"error": 5}', "{}"])
def test_nonsense_is_a_plain_failure(text: str) -> None:
    assert report.error(text, 65).cure == ""


def test_control_characters_do_not_reach_a_terminal() -> None:
    hostile = FAILURE.replace('"m"', '"\\u001b[2Jm\\u0000\\n"')

    assert report.error(hostile, 65).message == "[2Jm"


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=300), st.integers(0, 255))
def test_any_text_gives_an_error_and_never_an_exception(text: str, code: int) -> None:
    assert report.error(text, code).code == code

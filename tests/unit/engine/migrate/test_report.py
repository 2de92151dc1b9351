import os
from pathlib import Path

import orjson
import pytest

from polyant_engine.migrate import failures, report


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (failures.InvalidConfiguration, 64),
        (failures.EncryptionKeyMismatch, 65),
        (failures.DatabaseNotSupported, 66),
        (failures.DatabaseNewer, 67),
        (failures.InstallationMismatch, 68),
        (failures.DatabaseUnreachable, 69),
        (failures.MigrationFailed, 70),
    ],
)
def test_every_ending_has_its_code_and_its_name(
    kind: type[failures.MigrationFailure], code: int
) -> None:
    found = report.failure(kind("what", "do"))

    assert found == {
        "error": {"code": code, "reason": kind.__name__, "message": "what", "cure": "do"}
    }


@pytest.mark.parametrize("text", ["x", "ü", "€", "\\", '"', "\n"])
@pytest.mark.parametrize("sizes", [(10_000, 10), (10, 10_000), (10_000, 10_000)])
def test_a_report_always_fits_into_a_termination_message(text: str, sizes: tuple[int, int]) -> None:
    error = failures.MigrationFailed(text * sizes[0], text * sizes[1])

    assert len(orjson.dumps(report.failure(error))) <= 3500


def test_the_report_is_written_where_it_is_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    report.publish({"head": "0001"}, tmp_path / "log")

    assert (tmp_path / "log").read_text() == '{"head":"0001"}\n'
    assert capfd.readouterr().out == '{"head":"0001"}\n'


def test_a_missing_termination_log_is_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    report.publish({"head": "0001"}, Path("/dev/polyant-no-such-log"))
    report.publish({"head": "0001"}, Path("/nowhere/at/all"))
    report.publish({"head": "0001"}, Path(os.devnull))

    assert not Path("/dev/polyant-no-such-log").exists()
    assert capfd.readouterr().out.count("\n") == 3

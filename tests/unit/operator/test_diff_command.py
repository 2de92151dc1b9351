"""The command `diff`: files and clusters that are no use are told apart by the exit code."""

import io
from pathlib import Path

import pytest

from polyant_operator import __main__ as command
from polyant_operator import settings

VALID = """
apiVersion: polyant.ai/v1alpha1
kind: PolyantInstance
metadata: {name: acme}
spec: {database: {embedded: {}}}
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in settings.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_a_file_without_an_instance_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("kind: ConfigMap\n"))

    assert command.main(["diff", "-f", "-"]) == command.BAD_CONFIGURATION
    assert "holds no PolyantInstance" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["diff", "-f", "absent.yaml"]) == command.BAD_CONFIGURATION
    assert "cannot read the file" in capsys.readouterr().err


def test_without_a_cluster_nothing_can_be_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(VALID))

    assert command.main(["diff", "-f", "-"]) == command.NO_ACCESS
    assert "Set KUBECONFIG to a kubeconfig file" in capsys.readouterr().err


def test_help_says_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["diff", "--help"])

    assert "diff: something would change" in capsys.readouterr().out


def test_an_image_on_the_command_line_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "instance.yaml"
    file.write_text(VALID)

    command.main(["render", "-f", str(file), "--engine-image", "registry.test/own"])

    assert "image: registry.test/own:" in capsys.readouterr().out

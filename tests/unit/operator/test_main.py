"""The command line: help that reads well, and refusals that say everything at once."""

from pathlib import Path

import pytest

from polyant_operator import __main__ as command
from polyant_operator import settings

INSTANCE = """
apiVersion: polyant.ai/v1alpha1
kind: PolyantInstance
metadata: {name: acme, namespace: ns}
spec: {database: {embedded: {}}}
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings.VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_help_names_both_commands_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--help"])

    said = capsys.readouterr().out
    assert "run" in said
    assert "render" in said
    assert "64  bad configuration" in said


def test_help_of_run_names_every_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["run", "--help"])

    said = capsys.readouterr().out
    assert [name for name in settings.VARIABLES if name not in said] == []


def test_a_wrong_environment_is_refused_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKERS", "0")
    monkeypatch.setenv("LOG_LEVEL", "loud")

    assert command.main(["run"]) == 64

    said = capsys.readouterr().err
    assert "WORKERS='0'" in said
    assert "LOG_LEVEL='loud'" in said


def test_render_prints_what_an_instance_would_get(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "instance.yaml"
    file.write_text(INSTANCE)
    monkeypatch.setenv("OPERATOR_ENGINE_IMAGE", "registry.test/engine")

    assert command.main(["render", "-f", str(file)]) == 0

    said = capsys.readouterr().out
    assert "kind: Deployment" in said
    assert "image: registry.test/engine:0.1.0" in said


def test_render_refuses_a_wrong_instance_with_every_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "instance.yaml"
    file.write_text(INSTANCE.replace("embedded: {}", "poolSize: 1"))

    assert command.main(["render", "-f", str(file)]) == 64

    said = capsys.readouterr().err
    assert "database" in said
    assert "poolSize" in said


def test_render_names_a_file_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["render", "-f", str(tmp_path / "absent.yaml")]) == 64
    assert "absent.yaml" in capsys.readouterr().err

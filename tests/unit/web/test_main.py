"""The command line."""

import pytest

from polyant_web import __main__, settings


def test_wrong_configuration_ends_with_64_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "environment", lambda: {"PORT": "none"})

    assert __main__.main(["serve"]) == 64
    errors = capsys.readouterr().err
    assert all(name in errors for name in ("AUTH_SECRET", "AUTH_INTERNAL_SECRET", "PORT"))


def test_a_command_is_needed() -> None:
    with pytest.raises(SystemExit):
        __main__.main([])

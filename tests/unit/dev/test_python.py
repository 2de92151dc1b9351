"""A Python that cannot make the virtual environment says so before anything is changed."""

import sys

import pytest

from dev import python


def test_a_python_that_can_is_let_through_without_a_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    python.main()

    assert capsys.readouterr().out == ""


def test_an_old_python_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))

    with pytest.raises(SystemExit, match=r"3\.11 or newer is needed, this is 3\.9: set PYTHON"):
        python.main()


def test_a_missing_venv_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with pytest.raises(SystemExit, match=r"apt-get install .* python3-venv"):
        python.main()

"""The command line says what is wrong with it."""

from pathlib import Path

import pytest

from dev.trial import options


def test_without_options_the_usual_ports_are_used() -> None:
    expected = {"--web-port": 3000, "--engine-port": 4000, "--model-port": 8081}

    assert options.parse([]).ports == expected


def test_options_are_read() -> None:
    found = options.parse(["--web-port", "0", "--folder", "elsewhere", "--logs"])

    assert (found.web_port, found.folder, found.logs) == (0, Path("elsewhere"), True)


@pytest.mark.parametrize("port", ["70000", "-1", "http", "3 000", ""])
def test_a_wrong_port_is_refused_with_the_range(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        options.parse([f"--web-port={port}"])

    assert "1 to 65535" in capsys.readouterr().err

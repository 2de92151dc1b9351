"""The command line: problems end in a message with a cure, never in a stack trace."""

from pathlib import Path

import pytest

from dev.cluster import __main__ as cli


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["up", "--name", "No Good"], "at most 20 lower-case letters"),
        (["up", "--cluster", "minikube"], "auto, local, kind, current"),
        (["load", "x:1", "--cluster", "local"], "is not running"),
        (["logs", "nonsense", "--cluster", "local"], "kube-apiserver"),
    ],
)
def test_a_wrong_request_says_what_to_do(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(arguments)

    assert code == 1
    assert expected in capsys.readouterr().err


def test_the_status_of_a_cluster_that_is_not_there_is_an_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = cli.main(["status", "--cluster", "local"])

    assert code == 1
    assert "cluster polyant (local) is not running" in capsys.readouterr().out


def test_the_kubeconfig_of_each_cluster_is_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("polyant", "other"):
        cli.main(["kubeconfig", "--cluster", "local", "--name", name])

    one, two = capsys.readouterr().out.split()
    assert one != two

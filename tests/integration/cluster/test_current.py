"""The provider for a cluster that is there already, against a real API server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.cluster import folders, providers
from dev.cluster.errors import ClusterError
from support import apiserver

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apiserver.ApiServer]:
    with apiserver.running(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "current_folder", lambda: tmp_path / "current")


def test_it_keeps_to_the_context_that_was_current_when_it_started(
    server: apiserver.ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig))
    current = providers.choose("current", name="x")

    current.up(print)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "another"))

    assert current.status() == {"kube-apiserver": True}
    assert "default" in server.kubectl(
        "get", "namespaces", f"--kubeconfig={current.kubeconfig()}", "--output=name"
    )
    current.down(print)
    assert current.status() == {}
    assert "default" in server.kubectl("get", "namespaces", "--output=name")


def test_a_context_that_does_not_answer_is_said_to_be_so(
    server: apiserver.ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = server.kubeconfig.read_text(encoding="utf-8").replace(server.url, "https://127.0.0.1:1")
    broken = tmp_path / "kubeconfig"
    broken.write_text(text, encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(broken))

    with pytest.raises(ClusterError, match=r"does not answer(.|\n)*use-context"):
        providers.choose("current", name="broken").up(print)
    assert providers.choose("current", name="broken").status() == {}

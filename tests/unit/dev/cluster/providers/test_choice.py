"""Which provider is chosen."""

from pathlib import Path

import pytest

from dev.cluster import providers
from dev.cluster.errors import ClusterError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def docker(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program called docker on the path."""
    folder.mkdir()
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("script", "expected"),
    [("echo 28.0.1", "kind"), ("exit 1", "local"), ("exit 0", "local")],
    ids=["engine answers", "engine does not run", "client without an engine"],
)
def test_auto_takes_kind_only_when_a_docker_engine_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, expected: str
) -> None:
    docker(tmp_path / "bin", monkeypatch, script)

    assert providers.choose("auto").kind == expected


def test_auto_takes_the_local_node_without_docker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert providers.choose("auto").kind == "local"


@pytest.mark.parametrize("kind", ["local", "kind", "current"])
def test_every_provider_says_what_it_changes_and_how_to_undo_it(kind: str) -> None:
    provider = providers.choose(kind, name="other")

    assert (provider.kind, provider.name) == (kind, "other")
    assert provider.plan()[-1].startswith("undo: ")


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(ClusterError, match="auto, local, kind, current"):
        providers.choose("minikube")

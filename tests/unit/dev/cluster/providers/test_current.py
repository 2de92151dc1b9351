"""A cluster that is there already."""

from pathlib import Path

import pytest

from dev.cluster.errors import ClusterError
from dev.cluster.providers import current


def test_an_image_keeps_its_last_names_in_the_registry() -> None:
    name = current.pushed_name("localhost/polyant/engine:0.1.0", "registry.example.com/me")

    assert name == "registry.example.com/me/polyant-engine:0.1.0"


def test_pushing_uses_the_tool_that_holds_the_image() -> None:
    assert current.push_commands("a", "r/a", docker=True)[-1] == ("docker", "push", "r/a")
    assert current.push_commands("a", "r/a", docker=False) == (
        ("buildah", "push", "a", "docker://r/a"),
    )


def test_images_without_a_registry_are_refused_with_the_variable_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("REGISTRY", raising=False)

    with pytest.raises(ClusterError, match="REGISTRY="):
        current.Current("polyant").load(["localhost/polyant/engine:0.1.0"], print)

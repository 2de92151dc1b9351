"""What is built when, with a builder that only remembers."""

from collections.abc import Sequence

import pytest
from typing_extensions import override

from dev.images import builders, building, process, rootfs


class Remembering(builders.Builder):
    name = "buildah"
    own_bases = True

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}
        self.built: list[str] = []
        self.broken = False

    @override
    def missing(self) -> tuple[str, ...]:
        return ()

    @override
    def key_of(self, reference: str) -> str | None:
        return self.stored.get(reference)

    @override
    def build(self, build: builders.Build, runner: process.Runner) -> None:
        self.built.append(build.reference.partition(":")[0].rpartition("/")[2])
        self.stored[build.reference] = build.key

    @override
    def smoke(self, reference: str, command: Sequence[str], runner: process.Runner) -> None:
        if self.broken:
            raise process.CommandError("it does not start")

    @override
    def size(self, reference: str) -> int | None:
        return None

    @override
    def forget(self, reference: str) -> None:
        self.stored.pop(reference, None)

    @override
    def forget_others(self, reference: str) -> None:
        repository = reference.rpartition(":")[0]
        for other in [found for found in self.stored if found.startswith(f"{repository}:")]:
            if other != reference:
                self.forget(other)


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> building.Workshop:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(rootfs, "base_context", lambda _key, _runner: tmp_path)
    return building.Workshop(builder=Remembering(), progress=lambda _line: None)


def builder_of(workshop: building.Workshop) -> Remembering:
    assert isinstance(workshop.builder, Remembering)
    return workshop.builder


def test_the_base_comes_first(workshop: building.Workshop) -> None:
    workshop.build("engine")

    assert builder_of(workshop).built == ["base", "engine"]


def test_what_has_not_changed_is_not_built_again(workshop: building.Workshop) -> None:
    workshop.build("engine")
    workshop.build("engine")
    workshop.build("operator")

    assert builder_of(workshop).built == ["base", "engine", "operator"]


def test_an_image_that_does_not_start_is_not_kept(workshop: building.Workshop) -> None:
    builder_of(workshop).broken = True
    with pytest.raises(process.CommandError):
        workshop.build("engine")

    assert workshop.stale("engine")


def test_an_older_build_is_forgotten(workshop: building.Workshop) -> None:
    builder_of(workshop).stored["localhost/polyant/engine:0.0.1-old"] = "old"
    new = workshop.build("engine")

    engines = [name for name in builder_of(workshop).stored if "/engine:" in name]
    assert engines == [new]

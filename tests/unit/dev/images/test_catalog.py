"""The key of an image follows everything that goes into it."""

from pathlib import Path

import pytest

from dev.images import catalog


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(catalog, "ROOT", tmp_path)
    (tmp_path / "code" / "__pycache__").mkdir(parents=True)
    (tmp_path / "Dockerfile").write_text("FROM scratch")
    (tmp_path / "code" / "main.py").write_text("print()")
    (tmp_path / "code" / "__pycache__" / "main.pyc").write_bytes(b"1")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    return tmp_path


IMAGE = catalog.Image(name="thing", dockerfile="Dockerfile", inputs=("code",))


def test_the_key_is_the_same_for_the_same_content(root: Path) -> None:
    before = catalog.key(IMAGE, "buildah", "base")
    (root / "code" / "__pycache__" / "main.pyc").write_bytes(b"2")

    assert catalog.key(IMAGE, "buildah", "base") == before


@pytest.mark.parametrize("name", ["Dockerfile", "code/main.py", "code/new.py"])
def test_the_key_follows_every_file(root: Path, name: str) -> None:
    before = catalog.key(IMAGE, "buildah", "base")
    (root / name).write_text("changed")

    assert catalog.key(IMAGE, "buildah", "base") != before


@pytest.mark.usefixtures("root")
def test_the_key_follows_builder_and_base() -> None:
    keys = {
        catalog.key(IMAGE, builder, base)
        for builder in ("buildah", "docker")
        for base in ("one", "two")
    }

    assert len(keys) == 4


@pytest.mark.usefixtures("root")
def test_a_tag_holds_version_and_key_so_that_pods_roll() -> None:
    assert catalog.reference(IMAGE, "abc") == "localhost/polyant/thing:1.2.3-abc"


def test_every_input_exists() -> None:
    for image in catalog.ALL.values():
        for name in (image.dockerfile, *image.inputs):
            assert (catalog.ROOT / name).exists(), name


def test_every_file_a_dockerfile_copies_is_an_input() -> None:
    for image in (catalog.OPERATOR, catalog.ENGINE, catalog.POSTGRES):
        lines = (catalog.ROOT / image.dockerfile).read_text().splitlines()
        copies = [
            line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line
        ]
        for name in (word for words in copies for word in words if not word.startswith("--")):
            assert name.rstrip("/") in image.inputs, f"{image.dockerfile} copies {name}"

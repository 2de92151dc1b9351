"""The first process of the PostgreSQL image: what it finds in the data folder decides."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from dev.images import catalog


@pytest.fixture
def entrypoint(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = catalog.ROOT / "dev" / "images" / "postgres" / "entrypoint.py"
    spec = importlib.util.spec_from_file_location("entrypoint", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def initdb(fresh: Path, _user: str, _password: str) -> None:
        fresh.mkdir()
        (fresh / "PG_VERSION").write_text("16\n")
        (fresh / "base").mkdir()

    monkeypatch.setattr(module, "_initdb", initdb)
    monkeypatch.setattr(module, "_create", lambda *_: None)
    monkeypatch.setenv("POSTGRES_PASSWORD", "secret")
    return module


def test_an_empty_folder_becomes_a_database(entrypoint: ModuleType, tmp_path: Path) -> None:
    entrypoint._make(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["PG_VERSION", "base"]
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_run_cut_short_is_started_again(entrypoint: ModuleType, tmp_path: Path) -> None:
    (tmp_path / entrypoint.UNFINISHED / "half").mkdir(parents=True)
    (tmp_path / "base").mkdir()
    entrypoint._make(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["PG_VERSION", "base"]


def test_somebody_elses_files_are_left_alone(entrypoint: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(ValueError, match=r"holiday\.jpg"):
        entrypoint._make(tmp_path)

    assert (tmp_path / "holiday.jpg").exists()


def test_a_password_is_required(
    entrypoint: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POSTGRES_PASSWORD")
    with pytest.raises(ValueError, match="POSTGRES_PASSWORD"):
        entrypoint._make(tmp_path)


def test_data_of_another_major_is_refused_with_the_way_out(
    entrypoint: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "PG_VERSION").write_text("15\n")
    with pytest.raises(ValueError, match="PostgreSQL 15"):
        entrypoint._check_version(tmp_path)

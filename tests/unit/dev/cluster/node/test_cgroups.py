"""Control groups of both kinds."""

from pathlib import Path

import pytest

from dev.cluster.node import cgroups


@pytest.fixture(params=["v1", "v2"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "v2":
        (tmp_path / "cgroup.controllers").write_text("cpu memory")
    else:
        (tmp_path / "cpu").mkdir()
        (tmp_path / "memory").mkdir()
    return tmp_path


def test_a_group_is_made_in_every_hierarchy_and_goes_with_all_below(root: Path) -> None:
    cgroups.create("polyant-x", root)
    made = [hierarchy / "polyant-x" for hierarchy in cgroups.hierarchies(root)]
    assert all(group.is_dir() for group in made)
    for group in made:
        (group / "kubepods" / "pod1").mkdir(parents=True)

    cgroups.remove("polyant-x", root)

    assert not any(group.exists() for group in made)


def test_removing_what_is_not_there_is_no_error(root: Path) -> None:
    cgroups.remove("polyant-x", root)

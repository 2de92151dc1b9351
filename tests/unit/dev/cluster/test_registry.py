"""Which clusters this machine has."""

from pathlib import Path

import pytest

from dev.cluster import registry
from dev.cluster.errors import ClusterError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def silent(_line: str) -> None:
    return


def test_a_claimed_number_stays_and_no_other_cluster_gets_it() -> None:
    one = registry.claim("one", silent)
    two = registry.claim("two", silent)

    assert one.index != two.index
    assert registry.layout("one") == one
    assert registry.taken() == {"one": one.index, "two": two.index}


def test_looking_at_a_cluster_writes_nothing(tmp_path: Path) -> None:
    registry.layout("one")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "Upper", "1st", "a b", "../x", "a" * 21])
def test_a_name_that_fits_nowhere_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(ClusterError, match="at most 20 lower-case letters"):
        registry.layout(name)

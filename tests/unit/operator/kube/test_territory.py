"""Whether two operators may meet at one instance."""

import pytest

from polyant_operator.kube.territory import Territory

ALL = Territory()


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (ALL, ALL, True),
        (ALL, Territory(namespaces=("a",)), True),
        (Territory(namespaces=("a", "b")), Territory(namespaces=("b",)), True),
        (Territory(namespaces=("a",)), Territory(namespaces=("b",)), False),
        (ALL, Territory(shard="x"), False),
        (Territory(shard="x"), Territory(namespaces=("a",), shard="x"), True),
    ],
)
def test_they_meet_where_both_serve(one: Territory, other: Territory, *, meet: bool) -> None:
    assert one.overlaps(other) is other.overlaps(one) is meet


def test_what_is_written_is_read_again() -> None:
    one = Territory(namespaces=("a", "b"), shard="x")

    assert Territory.read(one.text()) == one


@pytest.mark.parametrize("text", ["", "{}", "[]", "1", '{"namespaces": 1, "shard": ""}'])
def test_what_another_release_may_have_written_is_no_error(text: str) -> None:
    assert Territory.read(text) is None

"""Shards: every instance is served by exactly one operator."""

import pytest

from polyant_operator.kube import shards


def selects(selector: str, labels: dict[str, str]) -> bool:
    """Evaluate a selector as the API server does, as far as ours go."""
    terms = selector.split(",")
    return all(_holds(term, labels) for term in terms)


def _holds(term: str, labels: dict[str, str]) -> bool:
    if term.startswith("!"):
        return term[1:] not in labels
    name, _, value = term.partition("=")
    return labels.get(name) == value if value else name in labels


@pytest.mark.parametrize("label", [None, "1", "2"])
def test_of_all_operators_exactly_one_serves_an_instance(label: str | None) -> None:
    labels = {"polyant.ai/shard": label} if label else {}

    serving = [shard for shard in ("", "1", "2") if selects(shards.instances(shard), labels)]

    assert serving == [label or ""]


@pytest.mark.parametrize("shard", ["", "1"])
def test_foreign_objects_are_nobodys_children(shard: str) -> None:
    labels = {"polyant.ai/shard": shard} if shard else {}

    assert not selects(shards.children(shard), labels)
    assert selects(shards.children(shard), labels | {"polyant.ai/instance": "acme"})


def test_operators_of_two_shards_do_not_elect_one_leader() -> None:
    assert len({shards.lease("polyant-operator", shard) for shard in ("", "1", "2")}) == 3

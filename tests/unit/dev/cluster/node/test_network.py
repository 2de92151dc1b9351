"""Firewall rules that can be found again."""

from pathlib import Path

from dev.cluster.layout import Layout
from dev.cluster.node import network

LAYOUT = Layout(name="test", index=3, folder=Path("/cache/test"))


def test_every_rule_carries_the_clusters_mark() -> None:
    for rule in network.rules(LAYOUT):
        assert LAYOUT.mark in rule.command("-I")


def test_a_rule_is_deleted_by_the_words_that_made_it() -> None:
    (rule, *_) = network.rules(LAYOUT)

    made, deleted = rule.command("-I"), rule.command("-D")

    assert [word for word in made if word != "-I"] == [word for word in deleted if word != "-D"]

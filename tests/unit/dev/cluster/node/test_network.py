"""Firewall rules that can be found again."""

from pathlib import Path

from dev.cluster.layout import Layout
from dev.cluster.node import network

LAYOUT = Layout(name="test", index=3, folder=Path("/cache/test"))


def test_every_rule_carries_the_clusters_mark() -> None:
    for rule in network.rules(LAYOUT):
        assert LAYOUT.mark in rule.command("-I")


SAVED = """\
*filter
:INPUT ACCEPT [0:0]
-A INPUT -i plyt3 -m comment --comment polyant-cluster-3-test -j ACCEPT
-A INPUT -i plyt3 -m comment --comment "somebody else" -j ACCEPT
-A INPUT -i plyt4 -m comment --comment polyant-cluster-4-other -j ACCEPT
-A FORWARD -o plyt3 -m comment --comment polyant-cluster-test -j ACCEPT
COMMIT
"""


def test_only_this_clusters_rules_are_deleted_whatever_release_made_them() -> None:
    commands = network.deletions(SAVED, "filter", LAYOUT)

    mark = ["-m", "comment", "--comment"]
    assert commands == [
        ["iptables", "-w", "-t", "filter", "-D", "INPUT", "-i", "plyt3",
         *mark, "polyant-cluster-3-test", "-j", "ACCEPT"],
        ["iptables", "-w", "-t", "filter", "-D", "FORWARD", "-o", "plyt3",
         *mark, "polyant-cluster-test", "-j", "ACCEPT"],
    ]  # fmt: skip


def test_every_rule_we_make_is_one_that_we_would_delete() -> None:
    saved = "\n".join(f"-A {rule.chain} {' '.join(rule.match)}" for rule in network.rules(LAYOUT))

    assert len(network.deletions(saved, "nat", LAYOUT)) == len(network.rules(LAYOUT))

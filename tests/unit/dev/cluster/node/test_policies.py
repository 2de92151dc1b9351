"""The add-on that enforces NetworkPolicies: what it runs, and which connections it is given."""

from pathlib import Path

from dev.cluster.layout import Layout
from dev.cluster.node import components, policies

LAYOUT = Layout(name="x", index=3, folder=Path("/clusters/x"))


def test_connections_wait_for_a_judge_and_never_pass_without_one() -> None:
    commands = list(policies.diversions())

    assert len(commands) == 2, "both families"
    for command in commands:
        assert f"NFQUEUE --queue-num {policies.QUEUE}" in command
        assert "bypass" not in command
        assert " -C FORWARD " in command, "adding it twice would judge twice"


def test_it_judges_for_this_node_and_is_no_part_of_every_cluster() -> None:
    found = policies.component(LAYOUT)

    assert f"--hostname-override={LAYOUT.node_name}" in found.argv
    assert "--fail-open=false" in found.argv
    assert found.name not in components.names(LAYOUT)

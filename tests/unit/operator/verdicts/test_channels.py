"""A change of leaders is not told as a failure; that there is none, is."""

from dataclasses import replace
from typing import Any

import pytest

from polyant_operator.api.conditions import Reason
from polyant_operator.verdicts.channels import channels_active, is_election_due
from polyant_operator.verdicts.observed import LeaderSeen, Workload
from support.observations import LEADER, healthy, instance, workload

GONE = LeaderSeen(missing_for=59, last="acme-engine-1")


def told(kind: str, status: str, reason: str = "Whatever") -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": status, "reason": reason}]}


def test_a_leader_is_named_with_its_epoch() -> None:
    verdict = channels_active(instance(), healthy())

    assert (verdict.status, verdict.reason) == ("True", Reason.LEADER_ELECTED)
    assert verdict.message == "Pod acme-engine-7d-x2 leads (epoch 4): it alone runs channels."


@pytest.mark.parametrize("kind", ["Ready", "ChannelsActive"])
@pytest.mark.parametrize(("missing_for", "status"), [(59, "True"), (60, "False")])
def test_a_leader_may_be_gone_for_less_than_a_minute(
    kind: str, missing_for: float, status: str
) -> None:
    leader = LeaderSeen(missing_for=missing_for, last="acme-engine-1")

    verdict = channels_active(instance(status=told(kind, "True")), healthy(leader=leader))

    assert (verdict.status, verdict.blocks) == (status, status == "False")
    assert "acme-engine-1" in verdict.message


def test_who_never_had_a_leader_waits_for_one() -> None:
    verdict = channels_active(instance(), healthy(leader=LeaderSeen()))

    assert (verdict.reason, verdict.blocks, verdict.stalled) == (Reason.NO_LEADER, True, False)


def test_a_failure_that_was_told_is_not_taken_back_for_a_minute_by_a_new_operator() -> None:
    before = told("ChannelsActive", "False", "LeaderLost")

    gone = channels_active(instance(status=before), healthy(leader=LeaderSeen(last="a")))
    doubtful = replace(LEADER, proven=False)
    left = channels_active(instance(status=before), healthy(leader=doubtful))
    proven = channels_active(instance(status=before), healthy(leader=LEADER))

    assert (gone.reason, gone.blocks) == (Reason.LEADER_LOST, True)
    assert left.blocks, "one look may have met what a dead leader left"
    assert not proven.blocks


def test_who_holds_the_lease_and_does_not_renew_it_is_named() -> None:
    leader = LeaderSeen(missing_for=99, last="a", silent="acme-engine-9")

    assert "Pod acme-engine-9 holds" in channels_active(instance(), healthy(leader=leader)).message


@pytest.mark.parametrize("leader", [None, LEADER, LeaderSeen(missing_for=999)])
def test_channels_that_are_off_need_no_leader(leader: LeaderSeen | None) -> None:
    off = instance({"channels": {"enabled": False}})

    verdict = channels_active(off, healthy(leader=leader))

    assert (verdict.reason, verdict.blocks) == (Reason.DISABLED, False)
    assert ("leads" in verdict.message) == (leader is LEADER)


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (workload(0, 0), Reason.SCALED_TO_ZERO),
        (workload(0, 2), Reason.PENDING),
        (Workload(), Reason.PENDING),
    ],
)
def test_without_a_ready_engine_nobody_is_waited_for(engine: Workload, reason: Reason) -> None:
    verdict = channels_active(instance(), healthy(engine=engine, leader=None))

    assert (verdict.reason, verdict.blocks) == (reason, False)


@pytest.mark.parametrize(
    ("leader", "due"),
    [(None, False), (LEADER, False), (GONE, True), (LeaderSeen(missing_for=60), False)],
)
def test_an_election_is_looked_after_closely_while_it_may_end(
    leader: LeaderSeen | None, *, due: bool
) -> None:
    assert is_election_due(leader) is due

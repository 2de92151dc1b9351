"""ChannelsActive: does an engine lead, so that channels can run?

Leaders change: at every rollout, and after a crash. For less than a minute that is not told as a
failure, neither here nor by Ready. Whoever has not had a leader before has to wait for one.
"""

from dataclasses import replace
from typing import Final

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.verdicts import live
from polyant_operator.verdicts.observed import LeaderSeen, Observed
from polyant_operator.verdicts.verdict import Verdict, holds, waits

_TYPE: Final = ConditionType.CHANNELS_ACTIVE
# Longer than any fail-over takes.
GRACE_SECONDS: Final = 60.0
_LACKING: Final = frozenset({Reason.NO_LEADER.value, Reason.LEADER_LOST.value})


def channels_active(instance: PolyantInstance, observed: Observed) -> Verdict:
    """Judge whether an engine leads; channels that are switched off keep nothing waiting."""
    leader = observed.leader
    if not instance.spec.channels.enabled:
        return _disabled(leader)
    if leader is None:
        return _without_engine(observed)
    if leader.is_there and _is_believed(instance, leader):
        return holds(_TYPE, Reason.LEADER_ELECTED, f"{_who(leader)}: it alone runs channels.")
    if _is_graced(instance, leader):
        return holds(_TYPE, Reason.LEADER_CHANGING, _changing(leader))
    return _missing(leader)


def is_election_due(leader: LeaderSeen | None) -> bool:
    """Whether a leader may be there at any moment."""
    return leader is not None and not leader.is_there and leader.missing_for < GRACE_SECONDS


def _disabled(leader: LeaderSeen | None) -> Verdict:
    text = "spec.channels.enabled is false."
    if leader is not None and leader.is_there:
        text += f" {_who(leader)} all the same."
    return replace(waits(_TYPE, Reason.DISABLED, text), gates=False)


def _without_engine(observed: Observed) -> Verdict:
    """Judge while no engine is ready; EngineAvailable says why, and counts."""
    engine = observed.engine.live
    if (
        engine is not None
        and observed.engine.current
        and not live.number(engine, "spec", "replicas")
    ):
        verdict = waits(_TYPE, Reason.SCALED_TO_ZERO, "No engine runs, so none leads.")
    else:
        verdict = waits(
            _TYPE, Reason.PENDING, "An engine leads once one is ready: EngineAvailable."
        )
    return replace(verdict, gates=False)


def _is_believed(instance: PolyantInstance, leader: LeaderSeen) -> bool:
    """Whether a leader is more than what a dead one left, which a new operator cannot tell at once."""
    told = instance.status.condition(_TYPE)
    return leader.proven or told is None or told.reason not in _LACKING


def _is_graced(instance: PolyantInstance, leader: LeaderSeen) -> bool:
    if leader.is_there or leader.missing_for >= GRACE_SECONDS:
        return False
    told = (instance.status.condition(kind) for kind in (_TYPE, ConditionType.READY))
    return any(each is not None and each.status == "True" for each in told)


def _who(leader: LeaderSeen) -> str:
    return f"Pod {leader.pod} leads (epoch {leader.epoch})"


def _changing(leader: LeaderSeen) -> str:
    before = f"Pod {leader.last} led last" if leader.last else "It is not known who led last"
    return f"Another engine is being elected. {before}."


def _missing(leader: LeaderSeen) -> Verdict:
    cure = "See the engines' log lines `election`, and the runbook PolyantLeaderMissing."
    held = f" Pod {leader.silent} holds the Lease and does not renew it." if leader.silent else ""
    if leader.last:
        text = f"No engine leads; pod {leader.last} led last.{held} {cure}"
        return waits(_TYPE, Reason.LEADER_LOST, text)
    return waits(_TYPE, Reason.NO_LEADER, f"No engine has become leader yet.{held} {cure}")

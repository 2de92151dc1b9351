"""The status that follows from verdicts and the world; equal input gives equal output.

`lastTransitionTime` moves only when a condition's status changes, and everything else is derived,
so "nothing changed" is plain equality, and no status is written without a change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.verdicts import live, migration
from polyant_operator.verdicts.observed import LeaderSeen, Observed, Workload
from polyant_operator.verdicts.verdict import Verdict

# The schema bounds messages; a longer one would make the whole status invalid.
LONGEST_MESSAGE: Final = 2000


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the status shows besides conditions, decided by what was built."""

    selector: str
    engine_image: str
    web_image: str
    web_url: str | None
    engine_url: str | None
    # None for an instance that names its images.
    version: str | None = None
    # Of the key that the pods use, once it is known to fit the data.
    key_id: str | None = None


def conditions(
    verdicts: tuple[Verdict, ...], previous: Mapping[str, Any], generation: int, now: datetime
) -> list[dict[str, Any]]:
    """The condition list: earlier time stamps are kept while the status stays."""
    known = {each.get("type"): each for each in live.items(previous, "conditions")}
    return [
        _condition(verdict, known.get(verdict.type.value), generation, now) for verdict in verdicts
    ]


def _condition(
    verdict: Verdict, known: Mapping[str, Any] | None, generation: int, now: datetime
) -> dict[str, Any]:
    same = known is not None and known.get("status") == verdict.status
    since = known.get("lastTransitionTime") if known is not None and same else None
    return {
        "type": verdict.type.value,
        "status": verdict.status,
        "reason": verdict.reason.value,
        "message": live.sentence(verdict.message, LONGEST_MESSAGE),
        "observedGeneration": generation,
        "lastTransitionTime": since or now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def build(
    instance: PolyantInstance,
    observed: Observed,
    judged: tuple[Verdict, ...],
    previous: Mapping[str, Any],
    facts: Facts,
) -> dict[str, Any]:
    """The whole status of an instance."""
    status: dict[str, Any] = {
        "observedGeneration": instance.generation,
        "conditions": conditions(judged, previous, instance.generation, observed.now),
        "engine": _replicas(observed.engine),
        "web": _replicas(observed.web),
        "selector": facts.selector,
        "summary": {"engine": _short(observed.engine), "web": _short(observed.web)},
        "effective": _effective(observed, previous, facts),
        "endpoints": _given(web=facts.web_url, engine=facts.engine_url),
        "channelLeader": _leader(observed.leader),
        **_identity(observed, previous, facts),
    }
    return {name: value for name, value in status.items() if value != {}}


def refused(
    judged: tuple[Verdict, ...], previous: Mapping[str, Any], generation: int, now: datetime
) -> dict[str, Any]:
    """The status of an instance whose spec cannot be used: all that was known stays."""
    kept = {name: value for name, value in previous.items() if name != "conditions"}
    renewed = {verdict.type.value for verdict in judged} | {"Ready", "Reconciling", "Stalled"}
    others = [
        each for each in live.items(previous, "conditions") if each.get("type") not in renewed
    ]
    stated = conditions(judged, previous, generation, now)
    return {**kept, "observedGeneration": generation, "conditions": [*stated, *map(dict, others)]}


def _replicas(workload: Workload) -> dict[str, int]:
    return {
        "replicas": live.number(workload.live, "status", "replicas"),
        "ready": live.number(workload.live, "status", "readyReplicas"),
    }


def _short(workload: Workload) -> str:
    wanted = live.number(workload.live, "spec", "replicas")
    # During a rollout more may be ready than are wanted, which reads like a mistake.
    ready = min(live.number(workload.live, "status", "readyReplicas"), wanted)
    return f"{ready}/{wanted}"


def _leader(leader: LeaderSeen | None) -> dict[str, Any]:
    """Who leads, since when: what stays the same while the Lease is renewed."""
    if leader is None or not leader.is_there:
        return {}
    return {"pod": leader.pod, "epoch": leader.epoch} | _given(since=leader.since)


def _effective(observed: Observed, previous: Mapping[str, Any], facts: Facts) -> dict[str, str]:
    report = migration.report_of(observed.attempts)
    head = report.head if report else live.field(previous, "effective", "migrationHead")
    return _given(
        version=facts.version,
        engineImage=facts.engine_image,
        webImage=facts.web_image,
        migrationHead=head,
    )


def _identity(observed: Observed, previous: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    report = migration.report_of(observed.attempts)
    key_id = facts.key_id or live.field(previous, "encryption", "keyId")
    installation = report.installation_id if report else previous.get("installationId")
    identity: dict[str, Any] = {"encryption": _given(keyId=key_id)}
    return identity | _given(installationId=installation)


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}

"""What keeps pods from being ready, told so that nobody has to look further.

A pod's own words are in its conditions and container statuses; logs are never read. The newest pod
speaks for all: older ones may be of a version that is on its way out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from polyant_operator.api.conditions import Reason
from polyant_operator.verdicts import live
from polyant_operator.verdicts.observed import Live

# An image that cannot be pulled for so long needs a person.
PULL_PATIENCE: Final = timedelta(minutes=5)
# A pod that runs may take so long to become ready; until then it only starts.
START_PATIENCE: Final = timedelta(seconds=30)

_PULL: Final = frozenset(
    {
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
    }
)
_CONFIG: Final = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)


@dataclass(frozen=True, kw_only=True)
class PodTrouble:
    """Why a pod is not ready."""

    reason: Reason
    message: str
    stalled: bool = False
    # Nothing is wrong yet.
    starting: bool = False


def trouble(pods: tuple[Live, ...], now: datetime) -> PodTrouble | None:
    """The first thing that keeps the newest unready pod from being ready."""
    for pod in sorted(pods, key=_created, reverse=True):
        if is_going(pod) or live.is_true(pod, "Ready"):
            continue
        if (found := next(_troubles(pod, now), None)) is not None:
            return found
    return None


def is_going(pod: Live) -> bool:
    """Whether a pod is on its way out, by deletion, eviction or completion."""
    return bool(live.field(pod, "metadata", "deletionTimestamp")) or live.field(
        pod, "status", "phase"
    ) in ("Succeeded", "Failed")


def is_evicted(pod: Live) -> bool:
    """Whether a pod ended because of its node, not because of itself."""
    return live.is_true(pod, "DisruptionTarget")


def has_started(pod: Live) -> bool:
    """Whether any main container of a pod ever ran."""
    states = live.items(pod, "status", "containerStatuses")
    return any(
        live.field(status, which, state)
        for status in states
        for which in ("state", "lastState")
        for state in ("running", "terminated")
    )


def _created(pod: Live) -> str:
    return str(live.field(pod, "metadata", "creationTimestamp") or "")


def _troubles(pod: Live, now: datetime) -> Iterator[PodTrouble]:
    scheduled = live.condition(pod, "PodScheduled")
    if live.field(scheduled, "status") == "False":
        said = live.sentence(live.field(scheduled, "message"))
        yield PodTrouble(reason=Reason.UNSCHEDULABLE, message=f"No node takes {_name(pod)}: {said}")
    for status in _containers(pod):
        yield from _container(pod, status, now)
    if live.field(pod, "status", "phase") == "Running":
        said = live.sentence(live.field(live.condition(pod, "Ready"), "message"))
        yield PodTrouble(
            reason=Reason.NOT_READY,
            message=f"P{_name(pod)[1:]} runs but is not ready. {said}".strip(),
            starting=_age(pod, now) < START_PATIENCE,
        )


def _containers(pod: Live) -> tuple[Live, ...]:
    return live.items(pod, "status", "initContainerStatuses") + live.items(
        pod, "status", "containerStatuses"
    )


def _container(pod: Live, status: Live, now: datetime) -> Iterator[PodTrouble]:
    waiting = live.field(status, "state", "waiting", "reason")
    said = live.sentence(live.field(status, "state", "waiting", "message"))
    where = f"container {status.get('name')} of {_name(pod)}"
    if waiting in _PULL:
        yield PodTrouble(
            reason=Reason.IMAGE_PULL_FAILED,
            message=f"{waiting}: image {status.get('image')} for {where}. {said}".strip(),
            stalled=_age(pod, now) >= PULL_PATIENCE,
        )
    elif waiting in _CONFIG:
        yield PodTrouble(
            reason=Reason.CONTAINER_NOT_CREATED, message=f"{waiting}: {where}. {said}".strip()
        )
    elif (ended := _last_end(status)) is not None:
        yield PodTrouble(reason=Reason.CRASH_LOOPING, message=_last_words(where, status, ended))


def _last_end(status: Live) -> Live | None:
    for which in ("state", "lastState"):
        ended = live.field(status, which, "terminated")
        if ended and live.number(ended, "exitCode") != 0:
            return dict(ended)
    return None


def _last_words(where: str, status: Live, ended: Live) -> str:
    code = live.number(ended, "exitCode")
    why = live.field(ended, "reason")
    cause = f" ({why})" if why and why != "Error" else ""
    said = live.sentence(live.field(ended, "message"))
    restarts = live.number(status, "restartCount")
    last = f" Its last words: {said}" if said else ""
    return f"The {where} ended with exit code {code}{cause}, {restarts} restarts.{last}"


def _age(pod: Live, now: datetime) -> timedelta:
    started = live.moment(live.field(pod, "status", "startTime")) or live.moment(
        live.field(pod, "metadata", "creationTimestamp")
    )
    return now - started if started else timedelta(0)


def _name(pod: Live) -> str:
    return f"pod {live.field(pod, 'metadata', 'name')}"

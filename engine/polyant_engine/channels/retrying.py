"""What becomes of a part after it was sent, or was not: pure rules.

queued --claim--> sending --Sent-------------------------------> sent
                     |  ----Unknown----------------------------> unknown  (a click sends it again)
                     |  ----Refused for good, or too often-----> dead     (a click sends it again)
                     +------RetryAfter, Refused for now, too late to send--> queued

A part that another term left `sending` is for `settle` to judge, by the policy.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from polyant_engine.channels.model import Outcome, Part, Refused, RetryAfter, Sent, Unknown

MAX_FAILURES = 8  # some eight minutes; what does not work by then needs a human
MAX_AGE_SECONDS = 86_400.0  # an answer of yesterday helps nobody, whatever the vendor's limits are
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 300.0
LONGEST_RETRY_AFTER_SECONDS = 3600.0
MAX_REASON = 1000


class PartState(StrEnum):
    """Where a part is; the CHECK of the table holds the same words."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedPart:
    """A part that is ours to send, and what happened to it before."""

    part: Part
    failures: int
    age: float  # seconds since it was written


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """What the database is told of a part."""

    id: uuid.UUID
    state: PartState
    failures: int
    reason: str = ""
    external_id: str | None = None
    seconds: float = 0.0  # how long it waits before the next try


def mark_of(claimed: ClaimedPart, outcome: Outcome) -> Mark:
    """Decide what follows from an outcome."""
    part, failures = claimed.part, claimed.failures
    match outcome:
        case Sent(external_id):
            return Mark(
                id=part.id, state=PartState.SENT, failures=failures, external_id=external_id[:300]
            )
        case Unknown(reason):
            state = PartState.UNKNOWN
            return Mark(id=part.id, state=state, failures=failures, reason=reason[:MAX_REASON])
        case Refused(reason=reason, is_permanent=True):
            return _dead(claimed, reason)
        case Refused(reason=reason):
            return _again(claimed, failures + 1, _pause(failures + 1), reason)
        case RetryAfter(seconds=seconds, reason=reason):  # a limit is nobody's failure
            return _again(claimed, failures, _bounded(seconds), reason)
        case _:
            assert_never(outcome)


def put_back(claimed: ClaimedPart) -> Mark:
    """Return a part that nothing was written of: its permit had expired."""
    reason = "It was too late to send it; it is tried again."
    return Mark(
        id=claimed.part.id, state=PartState.QUEUED, failures=claimed.failures, reason=reason
    )


def pause_of(outcome: Outcome) -> float | None:
    """Return for how long the whole account must wait, if it must."""
    if isinstance(outcome, RetryAfter) and outcome.whole_account:
        return _bounded(outcome.seconds)
    return None


def _again(claimed: ClaimedPart, failures: int, seconds: float, reason: str) -> Mark:
    if failures >= MAX_FAILURES or claimed.age + seconds > MAX_AGE_SECONDS:
        return _dead(claimed, reason)
    return Mark(
        id=claimed.part.id,
        state=PartState.QUEUED,
        failures=failures,
        reason=reason[:MAX_REASON],
        seconds=seconds,
    )


def _dead(claimed: ClaimedPart, reason: str) -> Mark:
    failures = claimed.failures + 1
    return Mark(
        id=claimed.part.id, state=PartState.DEAD, failures=failures, reason=reason[:MAX_REASON]
    )


def _pause(failures: int) -> float:
    # The exponent is bounded, so that no number of failures overflows.
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 16))


def _bounded(seconds: float) -> float:
    """Believe a vendor, within reason; a number that is none is a second."""
    if not seconds >= 0.0:
        return 1.0
    return min(LONGEST_RETRY_AFTER_SECONDS, max(0.1, seconds))

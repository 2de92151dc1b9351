"""Migrated: has the database the schema of this version, and when is the next try due?

Every try is a Job. Its exit code decides: 64 to 68 need a person at once, 69 (nobody answers) is
tried again at most a minute later for ever, anything else has three tries. A stalled migration is
looked at again every few minutes, so that repairing the cause is enough; while such a try runs, the
verdict stays what it was. Eviction is no failure: the Job makes a new pod by itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from polyant_operator.api import report as reports
from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.report import ExitCode, MigrationError, MigrationReport
from polyant_operator.verdicts import live, pods
from polyant_operator.verdicts.observed import Attempt, Live, Observed
from polyant_operator.verdicts.verdict import Verdict, holds, stalls, unknown, waits

TRIES: Final = 3
FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 60.0
# A stalled migration is tried again this often.
RECHECK_PAUSE: Final = 300.0

_TYPE = ConditionType.MIGRATED
_FAILED = ExitCode.MIGRATION_FAILED
_REASONS: Final = {
    ExitCode.INVALID_CONFIGURATION: Reason.INVALID_CONFIGURATION,
    ExitCode.ENCRYPTION_KEY_MISMATCH: Reason.ENCRYPTION_KEY_MISMATCH,
    ExitCode.DATABASE_NOT_SUPPORTED: Reason.DATABASE_NOT_SUPPORTED,
    ExitCode.DATABASE_NEWER: Reason.DATABASE_NEWER,
    ExitCode.INSTALLATION_MISMATCH: Reason.INSTALLATION_MISMATCH,
    ExitCode.DATABASE_UNREACHABLE: Reason.DATABASE_UNREACHABLE,
    ExitCode.MIGRATION_FAILED: Reason.MIGRATION_FAILED,
}


@dataclass(frozen=True, kw_only=True)
class Try:
    """What is due: a try now, or one after a pause, or nothing."""

    number: int | None = None
    after: float | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """How a try ended."""

    error: MigrationError
    at: datetime | None
    # The Job's own words when no exit code is known.
    job_said: str = ""

    @property
    def stalls_at_once(self) -> bool:
        """Whether trying again soon is of no use."""
        return self.error.reason not in (ExitCode.DATABASE_UNREACHABLE, ExitCode.MIGRATION_FAILED)


def is_complete(attempt: Attempt) -> bool:
    """Whether a try has succeeded."""
    return live.is_true(attempt.job, "Complete") or live.is_true(attempt.job, "SuccessCriteriaMet")


def is_failed(attempt: Attempt) -> bool:
    """Whether a try has failed."""
    return live.is_true(attempt.job, "Failed")


def has_begun(attempt: Attempt) -> bool:
    """Whether the program of a try ever ran."""
    return is_complete(attempt) or any(map(pods.has_started, attempt.pods))


def age(attempt: Attempt, now: datetime) -> timedelta:
    """How long ago a try was made."""
    made = live.moment(live.field(attempt.job, "metadata", "creationTimestamp"))
    return now - made if made else timedelta(0)


def is_done(attempts: tuple[Attempt, ...]) -> bool:
    """Whether the gate is open: one try of this migration has succeeded."""
    return any(map(is_complete, attempts))


def report_of(attempts: tuple[Attempt, ...]) -> MigrationReport | None:
    """The report of the successful try, while its pod still exists."""
    # Of an instance at rest no pods were read: asked this way round, that costs nothing.
    pods_of_it = (pod for each in attempts for pod in each.pods if is_complete(each))
    ended = map(_ended, pods_of_it)
    found = (reports.report(live.field(state, "message")) for state in ended if state)
    return next((each for each in found if each is not None), None)


def next_try(attempts: tuple[Attempt, ...], now: datetime, known_for: float = 0.0) -> Try:
    """When to try next, and as which try; the failure has been known for so many seconds here."""
    if is_done(attempts):
        return Try()
    if not attempts:
        return Try(number=1, after=0)
    last = attempts[-1]
    if not is_failed(last):
        return Try()
    failure = failure_of(last)
    pause = _pause(attempts, failure)
    # The time of day may jump, and the machine that ended the Job may have another.
    ago = (now - failure.at).total_seconds() if failure.at else 0.0
    left = pause - max(0.0, ago, known_for)
    return Try(number=last.number + 1, after=max(0.0, left))


def failure_of(attempt: Attempt) -> Failure:
    """How a failed try ended, in its own words."""
    failed = live.condition(attempt.job, "Failed")
    said = live.sentence(live.field(failed, "message"))
    at = live.moment(live.field(failed, "lastTransitionTime"))
    for pod in reversed(attempt.pods):
        ended = _ended(pod)
        if ended and live.number(ended, "exitCode") and not pods.is_evicted(pod):
            error = reports.error(live.field(ended, "message"), live.number(ended, "exitCode"))
            return Failure(error=error, at=at)
    return Failure(error=reports.error(None, 70), at=at, job_said=said)


def streak(attempts: tuple[Attempt, ...]) -> int:
    """How many of the last tries failed in the migration itself, one after the other."""
    count = 0
    for attempt in reversed(attempts):
        if not is_failed(attempt) or failure_of(attempt).error.reason is not _FAILED:
            break
        count += 1
    return count


def migrated(observed: Observed) -> Verdict:
    """Judge the migration."""
    attempts = observed.attempts
    if not observed.hash_known:
        return unknown(_TYPE, Reason.PENDING, "It is judged once SecretsReady is True.")
    if is_done(attempts):
        # Without the head: its report goes with the Job's pod, and a condition must not flicker.
        text = "The database has the schema of this version: see status.effective.migrationHead."
        return holds(_TYPE, Reason.MIGRATED, text)
    if observed.queued:
        return waits(_TYPE, Reason.ROLLOUT_QUEUED, observed.queued)
    failed = tuple(attempt for attempt in attempts if is_failed(attempt))
    running = attempts[-1] if attempts and not is_failed(attempts[-1]) else None
    if failed:
        return _judge_failure(observed, failed, running)
    return _judge_running(observed, running)


def _judge_running(observed: Observed, running: Attempt | None) -> Verdict:
    if observed.awaited_job:
        text = f"Job {observed.awaited_job} still works on the database and is let finish first."
        return waits(_TYPE, Reason.MIGRATION_RUNNING, text)
    if running is None:
        return waits(_TYPE, Reason.MIGRATION_RUNNING, "The migration Job is about to start.")
    now = observed.now
    trouble = pods.trouble(running.pods, now)
    if trouble is None or trouble.reason is Reason.NOT_READY or _is_over(running):
        name = live.field(running.job, "metadata", "name")
        text = f"Job {name} migrates the database (try {running.number})."
        return waits(_TYPE, Reason.MIGRATION_RUNNING, text)
    say = stalls if trouble.stalled else waits
    return say(_TYPE, trouble.reason, f"The migration cannot start. {trouble.message}")


def _is_over(attempt: Attempt) -> bool:
    """Whether the program of a try has ended and its Job is about to say so: no crash of the pod."""
    return any(
        live.field(status, "state", "terminated")
        for pod in attempt.pods
        if not pods.is_going(pod)
        for status in live.items(pod, "status", "containerStatuses")
    )


def _judge_failure(
    observed: Observed, failed: tuple[Attempt, ...], running: Attempt | None
) -> Verdict:
    failure = failure_of(failed[-1])
    message = message_of(observed, failure)
    reason = _REASONS[failure.error.reason]
    if failure.stalls_at_once:
        return stalls(_TYPE, reason, message)
    if reason is Reason.DATABASE_UNREACHABLE:
        return waits(_TYPE, reason, f"{message} It is tried again at least once a minute.")
    if streak(failed) >= TRIES:
        return stalls(_TYPE, reason, f"{message} {_old_version(observed)}")
    state = f"try {running.number} runs" if running else f"try {failed[-1].number + 1} follows"
    return waits(_TYPE, reason, f"{message} The {state}.")


def _old_version(observed: Observed) -> str:
    serving = (
        "The old version serves on. "
        if live.number(observed.engine.live, "status", "readyReplicas")
        else ""
    )
    return (
        f"{serving}It is looked at again every {RECHECK_PAUSE / 60:.0f} minutes; to try at once, change"
        " the annotation polyant.ai/retry-migration."
    )


def message_of(observed: Observed, failure: Failure) -> str:
    """What a failure says to people: exit code, last words, what to do."""
    error = failure.error
    said = live.sentence(error.message) or failure.job_said or "It left no message."
    cure = f" {live.sentence(error.cure)}" if error.cure else ""
    code = f"Exit code {error.code}" if not failure.job_said else "The Job failed"
    end = "" if said.endswith((".", "!", "?", "…")) else "."
    return f"{code}: {said}{end}{cure}{_restore_hint(observed, error)}"


def _restore_hint(observed: Observed, error: MigrationError) -> str:
    if error.reason is not ExitCode.ENCRYPTION_KEY_MISMATCH or not observed.key_unconfirmed:
        return ""
    return (
        f" The key in Secret {observed.key_secret} was generated because no such Secret existed, while"
        f" the database holds data of an earlier key: delete Secret {observed.key_secret} and restore"
        " the earlier one under the same name."
    )


def _pause(attempts: tuple[Attempt, ...], failure: Failure) -> float:
    if failure.stalls_at_once:
        return RECHECK_PAUSE
    if streak(attempts) >= TRIES:
        return RECHECK_PAUSE
    return min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** min(attempts[-1].number - 1, 10)))


def _ended(pod: Live) -> Live | None:
    for status in live.items(pod, "status", "containerStatuses"):
        ended = live.field(status, "state", "terminated") or live.field(
            status, "lastState", "terminated"
        )
        if ended:
            return dict(ended)
    return None

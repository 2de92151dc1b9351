"""DatabaseReady: the database answers and is fit for use, as far as anybody here can know.

The operator opens no database connection: the embedded database is judged by its pod, and any
database by what the migration found.
"""

from typing import Final

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.report import ExitCode
from polyant_operator.verdicts import live, migration, pods
from polyant_operator.verdicts.observed import Observed
from polyant_operator.verdicts.verdict import Verdict, holds, stalls, unknown, waits

_TYPE = ConditionType.DATABASE_READY
_OURS: Final = {
    ExitCode.DATABASE_NOT_SUPPORTED: Reason.DATABASE_NOT_SUPPORTED,
    ExitCode.DATABASE_NEWER: Reason.DATABASE_NEWER,
    ExitCode.INSTALLATION_MISMATCH: Reason.INSTALLATION_MISMATCH,
    ExitCode.DATABASE_UNREACHABLE: Reason.DATABASE_UNREACHABLE,
}


def database_ready(instance: PolyantInstance, observed: Observed) -> Verdict:
    """Judge the database."""
    if instance.spec.database.embedded is not None and not is_serving(observed):
        return _starting(observed)
    if migration.is_done(observed.attempts):
        return holds(_TYPE, Reason.DATABASE_REACHABLE, "The database answered the migration.")
    return _by_failure(observed)


def is_serving(observed: Observed) -> bool:
    """Whether the embedded database's pod is ready."""
    return live.number(observed.database.live, "status", "readyReplicas") > 0


def _starting(observed: Observed) -> Verdict:
    trouble = pods.trouble(observed.database.pods, observed.now)
    if trouble is None:
        text = "The pod of the embedded database is being made."
        return waits(_TYPE, Reason.DATABASE_STARTING, text)
    if trouble.reason is Reason.NOT_READY:
        return waits(_TYPE, Reason.DATABASE_STARTING, trouble.message)
    say = stalls if trouble.stalled else waits
    return say(_TYPE, trouble.reason, trouble.message)


def _by_failure(observed: Observed) -> Verdict:
    failed = [attempt for attempt in observed.attempts if migration.is_failed(attempt)]
    if not failed:
        return unknown(_TYPE, Reason.PENDING, "The migration Job will find out: see Migrated.")
    failure = migration.failure_of(failed[-1])
    reason = _OURS.get(failure.error.reason)
    if reason is None:
        text = "The database answered; see Migrated for what the migration says."
        return holds(_TYPE, Reason.DATABASE_REACHABLE, text)
    say = waits if reason is Reason.DATABASE_UNREACHABLE else stalls
    return say(_TYPE, reason, migration.message_of(observed, failure))

"""Ready, Reconciling and Stalled: the three conditions that tools read, from all the others.

kstatus is exactly right at every moment: Ready=False or Unknown always comes with exactly one of
Reconciling=True (it will get there by itself) and Stalled=True (a person is needed).
"""

from dataclasses import replace

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.verdicts import channels, database, edge, migration, secrets, workloads
from polyant_operator.verdicts.observed import Observed, Trouble
from polyant_operator.verdicts.verdict import Verdict, holds, stalls, unknown, waits

_READY = ConditionType.READY


def verdicts(instance: PolyantInstance, observed: Observed) -> tuple[Verdict, ...]:
    """Judge everything, the summary first."""
    judged = aspects(instance, observed)
    return (*summary(instance, observed, judged), *judged, *_paused(instance))


def aspects(instance: PolyantInstance, observed: Observed) -> tuple[Verdict, ...]:
    """Judge each aspect, in the order in which an instance comes up."""
    return (
        secrets.secrets_ready(instance, observed),
        database.database_ready(instance, observed),
        migration.migrated(observed),
        workloads.engine_available(observed),
        workloads.web_available(observed),
        edge.edge_ready(instance, observed),
        channels.channels_active(instance, observed),
    )


def summary(
    instance: PolyantInstance, observed: Observed, judged: tuple[Verdict, ...]
) -> tuple[Verdict, ...]:
    """Judge the whole: Ready, and what goes with it."""
    if instance.spec.paused and observed.pending_changes:
        return _pending(observed)
    blocking = [verdict for verdict in judged if verdict.blocks]
    if observed.fights and not any(verdict.stalled for verdict in blocking):
        text = " ".join(observed.fights)
        ready = waits(_READY, Reason.DRIFT_REPEATS, text)
        return (ready, _companion(Reason.DRIFT_REPEATS, text, stalled=False))
    if not blocking:
        return (holds(_READY, Reason.READY, "Everything runs as the spec asks."),)
    first = _most_telling(blocking)
    ready = waits(_READY, first.reason, first.message)
    return (ready, _companion(first.reason, first.message, stalled=first.stalled))


def _most_telling(blocking: list[Verdict]) -> Verdict:
    """What needs a person, else the first thing that isn't there yet and says more than `wait`."""
    telling = [verdict for verdict in blocking if verdict.reason is not Reason.PENDING]
    return next((verdict for verdict in blocking if verdict.stalled), (telling or blocking)[0])


def in_trouble(trouble: Trouble) -> tuple[Verdict, ...]:
    """Judge an instance the operator cannot work on."""
    ready = waits(_READY, trouble.reason, trouble.message)
    return (ready, _companion(trouble.reason, trouble.message, stalled=trouble.stalled))


def _companion(reason: Reason, message: str, *, stalled: bool) -> Verdict:
    if stalled:
        return replace(stalls(ConditionType.STALLED, reason, message), status="True")
    return replace(waits(ConditionType.RECONCILING, reason, message), status="True")


def _pending(observed: Observed) -> tuple[Verdict, ...]:
    changed = ", ".join(observed.pending_changes[:10])
    text = f"Paused with changes that are not carried out: {changed}. Set spec.paused to false."
    ready = unknown(_READY, Reason.CHANGES_PENDING, text)
    return (ready, _companion(Reason.CHANGES_PENDING, text, stalled=False))


def _paused(instance: PolyantInstance) -> tuple[Verdict, ...]:
    if not instance.spec.paused:
        return ()
    text = "spec.paused is true: nothing is written except this status."
    return (replace(holds(ConditionType.PAUSED, Reason.PAUSED, text), gates=False),)

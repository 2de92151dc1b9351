"""SecretsReady: every used Secret exists, has its key, and the value has the right form."""

from datetime import datetime, timedelta
from typing import Final

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import OWNER
from polyant_operator.verdicts import live
from polyant_operator.verdicts.observed import Observed, SecretFault, SecretProblem
from polyant_operator.verdicts.verdict import Verdict, holds, stalls, waits

# A missing Secret may come a moment later, from the same commit or an external secret manager.
PATIENCE: Final = timedelta(minutes=2)
# How often a missing Secret is looked for in that time.
RECHECK_SECONDS: Final = 5.0

_TYPE = ConditionType.SECRETS_READY


def secrets_ready(instance: PolyantInstance, observed: Observed) -> Verdict:
    """Judge the used Secrets."""
    if not observed.secrets and observed.rotating:
        names = ", ".join(observed.rotating)
        text = f"Changed step by step: {names}. Until every pod knows the new value, both count."
        return waits(_TYPE, Reason.SECRETS_ROTATING, text)
    if not observed.secrets:
        text = f"All Secrets that are used exist.{_administrator(instance, observed)}"
        return holds(_TYPE, Reason.SECRETS_PRESENT, text)
    problems = observed.secrets
    lost = [problem for problem in problems if problem.fault is SecretFault.KEY_LOST]
    if lost:
        return stalls(_TYPE, Reason.ENCRYPTION_KEY_LOST, _lost(instance, lost[0]))
    message = " ".join(_sentence(instance, problem) for problem in problems)
    if any(problem.fault is SecretFault.WRONG_FORM for problem in problems):
        return stalls(_TYPE, Reason.SECRET_INVALID, message)
    if is_patience_over(instance, observed.now, observed.missing_for):
        return stalls(_TYPE, Reason.SECRET_MISSING, message)
    return waits(_TYPE, Reason.SECRET_MISSING, message)


def is_patience_over(
    instance: PolyantInstance, now: datetime, missing_for: float | None = None
) -> bool:
    """Whether a Secret has been missing for so long that a person is needed.

    The seconds come from a steady clock; the time of day, which jumps, is for who has none.
    """
    known = instance.status.condition(_TYPE)
    if known is None or known.reason != Reason.SECRET_MISSING:
        return False
    if missing_for is not None:
        told = instance.status.condition(ConditionType.STALLED)
        is_told = told is not None and told.reason == Reason.SECRET_MISSING
        return is_told or missing_for >= PATIENCE.total_seconds()
    since = live.moment(known.last_transition_time)
    return since is not None and now - since >= PATIENCE


def _sentence(instance: PolyantInstance, problem: SecretProblem) -> str:
    where = f"{problem.field} names {problem.kind} {problem.secret}, key {problem.key}"
    if not problem.field:
        where = f"Secret {problem.secret}, key {problem.key}, was generated and is not as it was"
        if problem.fault is SecretFault.ABSENT:
            return f"{where}: it is gone. {_restore(instance, problem)}"
    match problem.fault:
        case SecretFault.ABSENT:
            return f"{where}: there is no such {problem.kind}. {_origin(instance, problem)}"
        case SecretFault.NO_KEY:
            return f"{where}: the {problem.kind} has no such key. Add the key to it."
        case _:
            return f"{where}: the value has the wrong form, expected {problem.expected}."


def _origin(instance: PolyantInstance, problem: SecretProblem) -> str:
    cluster = instance.spec.database.cnpg_cluster_ref
    if cluster is None or problem.field != "spec.database.cnpgClusterRef":
        return "Create it with that key."
    return (
        f"CloudNativePG writes it once Cluster {cluster.name} is bootstrapped in this namespace: see"
        f" kubectl describe cluster.postgresql.cnpg.io {cluster.name}"
    )


def _restore(instance: PolyantInstance, problem: SecretProblem) -> str:
    names = instance.names
    if problem.secret != names.database:
        return "Restore it: what was made with it cannot be used otherwise."
    return (
        f"PersistentVolumeClaim {names.volume} may hold data that only its password opens. Restore the"
        f" Secret with label {OWNER}={instance.name}; or, if there is nothing to lose, delete"
        f" StatefulSet {names.database} and the claim."
    )


def _administrator(instance: PolyantInstance, observed: Observed) -> str:
    secret, admin = instance.names.admin, instance.spec.admin.email
    cure = (
        f"To give it another: kubectl exec -n {instance.namespace} deploy/{instance.names.engine} --"
        f" polyant-engine reset-password {admin}"
    )
    if observed.admin_forgotten:
        why = f"is gone and is not made anew, because the account {admin} keeps its password"
        return f" Secret {secret} {why}. {cure}"
    if observed.admin_doubtful:
        why = "was generated, but the database had users already"
        return f" Secret {secret} {why}: its password may not be that of {admin}. {cure}"
    return ""


def _lost(instance: PolyantInstance, problem: SecretProblem) -> str:
    known = instance.status.encryption.key_id
    return (
        f"The data is encrypted with key id {known}, but Secret {problem.secret} is gone. No new key is"
        f" generated, because it would not fit. Restore the Secret from a backup, or name a Secret with"
        f" that key in spec.secrets.encryptionKeySecretRef."
    )

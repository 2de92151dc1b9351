"""Steps "generate secrets" and "check secrets": what an installation cannot live without.

A generated Secret is written by POST alone, so no race and no crash can ever replace a value: who
comes second reads and adopts. An encryption key is generated only where none was ever known to fit.
"""

import base64
import binascii
import logging
from collections.abc import Iterator

from polyant_operator.api import keys, labels
from polyant_operator.desired import secrets, uses
from polyant_operator.desired.secrets import GeneratedSecret
from polyant_operator.desired.uses import Form, SecretUse
from polyant_operator.kube import errors
from polyant_operator.kube.kinds import SECRET, Object
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import migration
from polyant_operator.verdicts.observed import SecretFault, SecretProblem

logger = logging.getLogger(__name__)

_AUTH_SECRET_LENGTH = 32
_INTERNAL_SECRET_LENGTH = 16
# What Secret contents are digested with; pods never see it.
DIGEST_KEY = "DIGEST_KEY"


async def generate_secrets(state: Pass, tools: Tools) -> None:
    """Create the generated Secrets that are absent."""
    if not state.may_write:
        return
    for secret in secrets.wanted(state.instance):
        if secret.name not in state.secrets and not is_lost(state, secret):
            state.secrets[secret.name] = await _create(state, tools, secret)


async def _create(state: Pass, tools: Tools, secret: GeneratedSecret) -> Object:
    manifest = secrets.creation(state.instance, secret, tools.random(secrets.RANDOM_BYTES))
    try:
        created = await tools.client.create(manifest)
    except errors.Conflict:
        # Somebody was first: what is there is what counts.
        return await tools.client.get(SECRET, state.instance.namespace, secret.name)
    logger.info("Secret %s was generated", secret.name)
    return created


def is_lost(state: Pass, secret: GeneratedSecret) -> bool:
    """Whether generating this Secret anew would lose data."""
    if secret.name in state.secrets:
        return False
    status, names = state.instance.status, state.instance.names
    if secret.name == names.database:
        # The data was made with that password; another would lock everybody out.
        return state.has_database
    if secret.name == names.admin:
        # The account exists and has its password: another one in a Secret would be a lie.
        return status.installation_id is not None
    return secret.encrypts and status.encryption.key_id is not None


async def check_secrets(state: Pass, tools: Tools) -> None:  # noqa: ARG001 (one shape for all steps)
    """Find every used Secret that is absent or has the wrong form."""
    lost = {each.name for each in secrets.wanted(state.instance) if is_lost(state, each)}
    problems = [
        problem
        for use in uses.all_uses(state.instance)
        if (problem := _problem(state, use, lost)) is not None
    ]
    state.problems = tuple(dict.fromkeys((*problems, *_without_digest_key(state))))
    state.key_id = _key_id(state)


def _without_digest_key(state: Pass) -> Iterator[SecretProblem]:
    """Find an auth Secret that was restored by hand without the key no container uses."""
    name = state.instance.names.auth_secrets
    secret = state.secrets.get(name)
    if secret is not None and not _decoded(secret, DIGEST_KEY):
        yield SecretProblem(secret=name, key=DIGEST_KEY, fault=SecretFault.NO_KEY, field="")


async def keep_secrets(state: Pass, tools: Tools) -> None:
    """Keep owner reference and annotations of generated Secrets as the policies ask; never data."""
    if not state.may_write:
        return
    for secret in secrets.wanted(state.instance):
        live = state.secrets.get(secret.name)
        if live is None:
            continue
        await tools.applier.apply(_bound(_metadata(state, secret, live), live), live)


def _bound(manifest: Object, live: Object) -> Object:
    """For the one that was read: applied to one that was deleted since, it would make it, empty."""
    return {**manifest, "metadata": {**manifest["metadata"], "uid": live["metadata"]["uid"]}}


def _metadata(state: Pass, secret: GeneratedSecret, live: Object) -> Object:
    instance = state.instance
    if secret.name == instance.names.admin:
        made_for = _administrator_made_for(state, live)
        doubtful = made_for is None and is_admin_doubtful(state)
        return secrets.metadata(instance, secret, confirmed_for=made_for, doubtful=doubtful)
    key = _decoded(live, "ENCRYPTION_KEY") if secret.encrypts else None
    key_id = keys.key_id(key) if key and keys.is_key(key) else None
    fits = confirmed_for(state, key_id, live)
    return secrets.metadata(instance, secret, key_id=key_id, confirmed_for=fits)


def _administrator_made_for(state: Pass, live: Object) -> str | None:
    """The installation whose first administrator got the password of this Secret, if known."""
    report = migration.report_of(state.attempts)
    if report is not None and report.administrator_made:
        return report.installation_id
    return (live["metadata"].get("annotations") or {}).get(labels.INSTALLATION_ID)


def is_admin_doubtful(state: Pass) -> bool:
    """Whether a password was generated beside a database that had users already."""
    live = state.secrets.get(state.instance.names.admin)
    if live is None or state.instance.spec.admin.password_secret_ref is not None:
        return False
    if _administrator_made_for(state, live) is not None:
        return False
    report = migration.report_of(state.attempts)
    if report is not None:
        return report.administrator_made is False
    return (live["metadata"].get("annotations") or {}).get(labels.UNCONFIRMED) == "true"


def confirmed_for(state: Pass, key_id: str | None, live: Object) -> str | None:
    """The installation whose data this key is known to fit, if any."""
    if key_id is None:
        return None
    report = migration.report_of(state.attempts)
    if report is not None and report.key_id == key_id:
        return report.installation_id
    status = state.instance.status
    if status.encryption.key_id == key_id and status.installation_id:
        return status.installation_id
    annotations = live["metadata"].get("annotations") or {}
    if annotations.get(labels.KEY_ID) == key_id:
        # Confirmed for an earlier instance of this name, whose Secret was retained.
        return annotations.get(labels.INSTALLATION_ID)
    return None


def is_unconfirmed(state: Pass) -> bool:
    """Whether the key in use was generated here and never fitted anything."""
    live = state.secrets.get(state.instance.names.encryption_key)
    if live is None or state.instance.spec.secrets.encryption_key_secret_ref is not None:
        return False
    return confirmed_for(state, state.key_id, live) is None


def is_admin_forgotten(state: Pass) -> bool:
    """Whether the generated Secret of the first administrator is gone, and stays so."""
    wanted = secrets.wanted(state.instance)
    return any(each.name == state.instance.names.admin and is_lost(state, each) for each in wanted)


def values(state: Pass) -> dict[str, dict[str, bytes]]:
    """The decoded data of every Secret that was read."""
    return {name: dict(_data(secret)) for name, secret in state.secrets.items()}


def value(state: Pass, secret: str, key: str) -> str | None:
    """One value of a Secret that was read, without white space around it; None for an unfit one."""
    found = state.secrets.get(secret)
    return (_decoded(found, key) or None) if found is not None else None


def _data(secret: Object) -> Iterator[tuple[str, bytes]]:
    for key, value in (secret.get("data") or {}).items():
        try:
            yield key, base64.b64decode(value)
        except binascii.Error:  # the API server guarantees base64; a broken proxy does not
            continue


def _decoded(secret: Object, key: str) -> str | None:
    value = dict(_data(secret)).get(key)
    return value.decode(errors="replace").strip() if value is not None else None


def _problem(state: Pass, use: SecretUse, lost: set[str]) -> SecretProblem | None:
    fault = _fault(state, use, lost)
    if fault is None or use.optional or use.copied:
        return None
    return SecretProblem(
        secret=use.secret,
        key=use.key or "",
        fault=fault,
        field=use.field,
        expected=use.form.value if fault is SecretFault.WRONG_FORM else "",
    )


def _fault(state: Pass, use: SecretUse, lost: set[str]) -> SecretFault | None:
    secret = state.secrets.get(use.secret)
    if secret is None:
        lost_key = use.secret in lost and use.variable == "ENCRYPTION_KEY"
        return SecretFault.KEY_LOST if lost_key else SecretFault.ABSENT
    if use.key is None:
        return None
    value = _decoded(secret, use.key)
    if value is None:
        return SecretFault.NO_KEY
    return None if has_form(value, use.form) else SecretFault.WRONG_FORM


def has_form(value: str, form: Form) -> bool:
    """Whether a secret value has the form its reader needs."""
    match form:
        case Form.ENCRYPTION_KEY:
            return keys.is_key(value)
        case Form.AUTH_SECRET:
            return len(value) >= _AUTH_SECRET_LENGTH
        case Form.INTERNAL_AUTH_SECRET:
            return len(value) >= _INTERNAL_SECRET_LENGTH
        case Form.DATABASE_URL:
            return value.startswith(("postgres://", "postgresql://")) and "@" in value
        case Form.TEXT:
            return bool(value)
        case Form.ANY:
            return True


def _key_id(state: Pass) -> str | None:
    for use in uses.all_uses(state.instance):
        if use.variable == "ENCRYPTION_KEY" and use.secret in state.secrets and use.key:
            key = _decoded(state.secrets[use.secret], use.key)
            return keys.key_id(key) if key and keys.is_key(key) else None
    return None

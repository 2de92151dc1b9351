"""The Secrets the operator generates: which are wanted, and their objects.

A generated Secret is `immutable`, written once by POST (`creation`), and its data is never applied
or patched. Owner reference and annotations come afterwards by server-side apply (`metadata`), so
that changing the deletion policy adds or removes the owner reference.
"""

from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import CONFIRM_DATA_LOSS, INSTALLATION_ID, KEY_ID, UNCONFIRMED
from polyant_operator.api.spec import DeletionPolicy
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.metadata import owner_reference, retained_metadata

RANDOM_BYTES = 96  # how many a creation takes; each Secret needs its own
DATABASE_USER = "polyant"
DATABASE_NAME = "polyant"


@dataclass(frozen=True, kw_only=True)
class GeneratedSecret:
    """One Secret the operator keeps: its name and the keys it must have."""

    name: str
    keys: tuple[str, ...]
    encrypts: bool = False  # losing it loses data


def wanted(instance: PolyantInstance) -> tuple[GeneratedSecret, ...]:
    """List the Secrets to generate; what the user brings isn't among them.

    The auth Secret is always wanted: the digest key lives in it.
    """
    names, secrets = instance.names, instance.spec.secrets
    auth = ("AUTH_SECRET", "AUTH_INTERNAL_SECRET", "DIGEST_KEY")
    found = [GeneratedSecret(name=names.auth_secrets, keys=auth)]
    if secrets.encryption_key_secret_ref is None:
        key = ("ENCRYPTION_KEY",)
        found.append(GeneratedSecret(name=names.encryption_key, keys=key, encrypts=True))
    if instance.spec.admin.password_secret_ref is None:
        found.append(GeneratedSecret(name=names.admin, keys=("email", "password")))
    if instance.spec.database.embedded is not None:
        found.append(GeneratedSecret(name=names.database, keys=("password", "uri")))
    return tuple(found)


def creation(instance: PolyantInstance, secret: GeneratedSecret, random: bytes) -> Manifest:
    """Build the object to POST, from random bytes of this Secret's own."""
    if len(random) < RANDOM_BYTES:
        raise ValueError(f"{len(random)} random bytes given: {RANDOM_BYTES} are needed")
    values = _values(instance, secret, random)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": retained_metadata(instance, secret.name),
        "type": "Opaque",
        "immutable": True,
        "data": {key: b64encode(value.encode()).decode() for key, value in sorted(values.items())},
    }


def metadata(
    instance: PolyantInstance,
    secret: GeneratedSecret,
    *,
    key_id: str | None = None,
    confirmed_for: str | None = None,
    doubtful: bool = False,
) -> Manifest:
    """Build what is applied onto an existing Secret: labels, annotations, owner, never data.

    `key_id` is that of the key inside; `confirmed_for` the installation id of the migration report
    that named this key, or made the administrator with this password, if there is one. `doubtful`
    is a password beside which there were users already.
    """
    annotations: dict[str, str] = {}
    if key_id is not None:
        annotations[KEY_ID] = key_id
    if confirmed_for:
        annotations[INSTALLATION_ID] = confirmed_for
    elif key_id is not None or doubtful:
        annotations[UNCONFIRMED] = "true"
    manifest: Manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": retained_metadata(instance, secret.name, annotations),
    }
    if goes_with_instance(instance, secret):
        manifest["metadata"]["ownerReferences"] = [owner_reference(instance)]
    return manifest


def goes_with_instance(instance: PolyantInstance, secret: GeneratedSecret) -> bool:
    """Tell whether deleting the instance shall delete this Secret."""
    if instance.spec.deletion_policy is not DeletionPolicy.DELETE:
        return False
    confirmed = instance.annotations.get(CONFIRM_DATA_LOSS) == instance.uid != ""
    return confirmed or not secret.encrypts


def database_url(instance: PolyantInstance, password: str) -> str:
    """Write the connection URL of the embedded database."""
    host = f"{instance.names.database}.{instance.namespace}.svc"
    return f"postgresql://{DATABASE_USER}:{password}@{host}:5432/{DATABASE_NAME}"


def _values(instance: PolyantInstance, secret: GeneratedSecret, random: bytes) -> dict[str, str]:
    first, second, third = random[:32], random[32:64], random[64:96]
    match secret.keys:
        case ("ENCRYPTION_KEY",):
            return {"ENCRYPTION_KEY": first.hex()}
        case ("email", "password"):
            return {"email": instance.spec.admin.email, "password": _word(first)}
        case ("password", "uri"):
            return {"password": _word(first), "uri": database_url(instance, _word(first))}
        case _:
            return {
                "AUTH_SECRET": _word(first),
                "AUTH_INTERNAL_SECRET": _word(second),
                "DIGEST_KEY": _word(third),
            }


def _word(random: bytes) -> str:
    # 32 letters of 6 bits each, safe inside a URL.
    return urlsafe_b64encode(random[:24]).decode().replace("-", "A").replace("_", "B")

"""Which Secret values an installation uses, and which component for what.

From this one list come the environment of the pods, the check that everything exists, and the
digests that roll pods when a value changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from typing_extensions import override

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.api.references import SecretKeyRef

_E, _W, _M, _D = Component.ENGINE, Component.WEB, Component.MIGRATION, Component.DATABASE


class Form(StrEnum):
    """What a value must look like."""

    ENCRYPTION_KEY = "64 hexadecimal characters"
    AUTH_SECRET = "at least 32 characters"  # noqa: S105 - a description
    INTERNAL_AUTH_SECRET = "at least 16 characters"  # noqa: S105 - a description
    DATABASE_URL = "postgresql://user:password@host:port/database"
    TEXT = "not empty"
    ANY = "anything"


@dataclass(frozen=True, kw_only=True)
class SecretUse:
    """One key of one Secret, and who reads it under which variable."""

    secret: str
    key: str | None  # None: the whole Secret
    components: frozenset[Component]
    variable: str = ""  # empty: not a variable of ours (a user's own env)
    form: Form = Form.ANY
    field: str = ""  # the field of the spec that names it
    generated: bool = False
    optional: bool = False
    copied: bool = False  # in the operator's copy of a user's Secret (`rotation`)


class _Same:
    """An instance as a key: the very same value, which is frozen and cannot be hashed cheaply."""

    __slots__ = ("instance",)

    def __init__(self, instance: PolyantInstance) -> None:
        self.instance = instance

    @override
    def __hash__(self) -> int:
        return id(self.instance)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.instance is other.instance


def all_uses(instance: PolyantInstance) -> tuple[SecretUse, ...]:
    """List everything that is used, in a fixed order."""
    return _listed(_Same(instance))


# One pass asks twenty times; room for the passes that run at one time.
@lru_cache(maxsize=32)
def _listed(same: _Same) -> tuple[SecretUse, ...]:
    instance = same.instance
    return (
        *_database(instance),
        *_keys(instance),
        *_authentication(instance),
        _admin(instance),
        *_models(instance),
        *_attachments(instance),
        *_sign_in(instance),
        *_users_own(instance),
    )


def previous(variable: str) -> str:
    """Name the variable for the value that counts too while a secret is changed."""
    return f"{variable}_PREVIOUS"


def has_copy(instance: PolyantInstance) -> bool:
    """Tell whether pods read the operator's copy of the user's own auth Secrets."""
    return any(use.copied for use in all_uses(instance))


def variables(instance: PolyantInstance, component: Component) -> tuple[SecretUse, ...]:
    """List the uses that become variables of a component's container."""
    uses = all_uses(instance)
    return tuple(use for use in uses if use.variable and component in use.components)


def _database(instance: PolyantInstance) -> Iterator[SecretUse]:
    database, names = instance.spec.database, instance.names
    if database.embedded is not None:
        ours = SecretKeyRef(name=names.database, key="uri")
        yield _use(ours, "DATABASE_URL", _E, _M, form=Form.DATABASE_URL, generated=True)
        password = SecretKeyRef(name=names.database, key="password")
        yield _use(password, "POSTGRES_PASSWORD", _D, form=Form.TEXT, generated=True)
        return
    field, url = _database_url(instance)
    special = database.migration_url_secret_ref
    users = (_E,) if special is not None else (_E, _M)
    yield _use(url, "DATABASE_URL", *users, form=Form.DATABASE_URL, field=field)
    if special is not None:
        field = "spec.database.migrationUrlSecretRef"
        yield _use(special, "DATABASE_URL", _M, form=Form.DATABASE_URL, field=field)


def _database_url(instance: PolyantInstance) -> tuple[str, SecretKeyRef]:
    database = instance.spec.database
    if database.url_secret_ref is not None:
        return "spec.database.urlSecretRef", database.url_secret_ref
    # CloudNativePG writes this Secret for the owner of the application's database.
    cluster = database.cnpg_cluster_ref.name if database.cnpg_cluster_ref is not None else ""
    return "spec.database.cnpgClusterRef", SecretKeyRef(name=f"{cluster}-app", key="uri")


def _keys(instance: PolyantInstance) -> Iterator[SecretUse]:
    secrets = instance.spec.secrets
    ours = SecretKeyRef(name=instance.names.encryption_key, key="ENCRYPTION_KEY")
    yield _use(
        secrets.encryption_key_secret_ref or ours,
        "ENCRYPTION_KEY",
        _E,
        _M,
        form=Form.ENCRYPTION_KEY,
        field="spec.secrets.encryptionKeySecretRef",
        generated=secrets.encryption_key_secret_ref is None,
    )
    if secrets.previous_encryption_key_secret_ref is not None:
        yield _use(
            secrets.previous_encryption_key_secret_ref,
            "ENCRYPTION_KEY_PREVIOUS",
            _E,
            _M,
            form=Form.ENCRYPTION_KEY,
            field="spec.secrets.previousEncryptionKeySecretRef",
        )


def _authentication(instance: PolyantInstance) -> Iterator[SecretUse]:
    secrets = instance.spec.secrets
    forms = {
        "AUTH_SECRET": (secrets.auth_secret_ref, Form.AUTH_SECRET, "authSecretRef"),
        "AUTH_INTERNAL_SECRET": (
            secrets.internal_auth_secret_ref,
            Form.INTERNAL_AUTH_SECRET,
            "internalAuthSecretRef",
        ),
    }
    for variable, (given, form, field) in forms.items():
        if given is None:
            ours = SecretKeyRef(name=instance.names.auth_secrets, key=variable)
            yield _use(ours, variable, _E, _W, form=form, generated=True)
        else:
            # Checked, but read by no pod: pods read the copy, which changes in steps.
            yield replace(
                _use(given, variable, form=form, field=f"spec.secrets.{field}"), variable=""
            )
            yield from _copy(instance, variable)


def _copy(instance: PolyantInstance, variable: str) -> Iterator[SecretUse]:
    copy = instance.names.auth_in_use
    in_use = _use(SecretKeyRef(name=copy, key=variable), variable, _E, _W, form=Form.ANY)
    yield replace(in_use, copied=True)
    # Who makes something with the secret need not know the other value; who checks it must.
    checks = _W if variable == "AUTH_SECRET" else _E
    name = previous(variable)
    accepted = _use(SecretKeyRef(name=copy, key=name), name, checks, form=Form.ANY)
    yield replace(accepted, copied=True, optional=True)


def _admin(instance: PolyantInstance) -> SecretUse:
    given = instance.spec.admin.password_secret_ref
    use = _use(
        given or SecretKeyRef(name=instance.names.admin, key="password"),
        "INITIAL_ADMIN_PASSWORD",
        _M,
        form=Form.TEXT,
        field="spec.admin.passwordSecretRef",
        generated=given is None,
    )
    # Only the first migration reads it: afterwards the account has a password of its own.
    return replace(use, optional=instance.status.installation_id is not None)


def _models(instance: PolyantInstance) -> Iterator[SecretUse]:
    for model in instance.spec.models:
        if model.api_key_secret_ref is not None:
            field = f"spec.models[{model.name}].apiKeySecretRef"
            variable = model.key_variable
            yield _use(model.api_key_secret_ref, variable, _E, form=Form.TEXT, field=field)


def _attachments(instance: PolyantInstance) -> Iterator[SecretUse]:
    storage = instance.spec.attachments
    if storage is None:
        return
    keys = {
        "accessKeyIdSecretRef": (storage.access_key_id_secret_ref, "ACCESS_KEY_ID"),
        "secretAccessKeySecretRef": (storage.secret_access_key_secret_ref, "SECRET_ACCESS_KEY"),
    }
    for field, (reference, variable) in keys.items():
        if reference is not None:
            place = f"spec.attachments.{field}"
            yield _use(reference, f"PLATFORM_S3_{variable}", _E, form=Form.TEXT, field=place)


def _sign_in(instance: PolyantInstance) -> Iterator[SecretUse]:
    google = instance.spec.sign_in.google
    if google is None:
        return
    client = {
        "clientIdSecretRef": (google.client_id_secret_ref, "GOOGLE_CLIENT_ID"),
        "clientSecretSecretRef": (google.client_secret_secret_ref, "GOOGLE_CLIENT_SECRET"),
    }
    for field, (reference, variable) in client.items():
        place = f"spec.signIn.google.{field}"
        yield _use(reference, variable, _W, form=Form.TEXT, field=place)


def _users_own(instance: PolyantInstance) -> Iterator[SecretUse]:
    spec = instance.spec
    for component, variables_of in ((_E, spec.engine.env), (_W, spec.web.env)):
        for variable in variables_of:
            source = variable.value_from.secret_key_ref if variable.value_from else None
            if source is not None:
                yield SecretUse(
                    secret=source.name,
                    key=source.key,
                    components=frozenset({component}),
                    field=f"spec.{component.value}.env[{variable.name}]",
                    optional=source.optional is True,
                )
    for whole in spec.engine.env_from:
        if whole.secret_ref is not None:
            yield SecretUse(
                secret=whole.secret_ref.name,
                key=None,
                components=frozenset({_E}),
                field="spec.engine.envFrom",
                optional=whole.secret_ref.optional is True,
            )


def _use(
    reference: SecretKeyRef,
    variable: str,
    *components: Component,
    form: Form,
    field: str = "",
    generated: bool = False,
) -> SecretUse:
    return SecretUse(
        secret=reference.name,
        key=reference.key,
        components=frozenset(components),
        variable=variable,
        form=form,
        field="" if generated else field,
        generated=generated,
    )

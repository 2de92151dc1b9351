"""Rules across the whole spec: those that need the instance's name, or that no schema can say.

The first group repeats rules of `crds/`, because an object may be older than a rule; the second
is the operator's alone.
"""

from collections.abc import Callable, Iterator
from typing import Final

from polyant_operator.api import pod_rules
from polyant_operator.api.errors import FieldError
from polyant_operator.api.names import Names
from polyant_operator.api.spec import Spec

Rule = Callable[[Names, Spec], Iterator[FieldError]]


def broken(name: str, spec: Spec) -> tuple[FieldError, ...]:
    """List every rule the spec breaks."""
    names = Names(name)
    return tuple(error for rule in RULES for error in rule(names, spec))


def own_secrets(names: Names, spec: Spec) -> Iterator[FieldError]:
    """Refuse references to Secrets the operator generates: absent means generated."""
    references = {
        "database.urlSecretRef": spec.database.url_secret_ref,
        "database.migrationUrlSecretRef": spec.database.migration_url_secret_ref,
        "secrets.encryptionKeySecretRef": spec.secrets.encryption_key_secret_ref,
        "secrets.authSecretRef": spec.secrets.auth_secret_ref,
        "secrets.internalAuthSecretRef": spec.secrets.internal_auth_secret_ref,
        "admin.passwordSecretRef": spec.admin.password_secret_ref,
    }
    for field, reference in references.items():
        if reference is not None and reference.name in (*names.generated, names.auth_in_use):
            yield FieldError(
                path=f"spec.{field}",
                value=reference.name,
                message=f"'{reference.name}' is a Secret the operator generates",
                cure="leave the reference out to use it, or name a Secret of your own",
            )


def unique(_names: Names, spec: Spec) -> Iterator[FieldError]:
    """Refuse two list entries of one name."""
    lists = {
        "spec.models": [model.name for model in spec.models],
        "spec.imagePullSecrets": [secret.name for secret in spec.image_pull_secrets],
        "spec.engine.env": [variable.name for variable in spec.engine.env],
        "spec.web.env": [variable.name for variable in spec.web.env],
        **pod_rules.lists(spec),
    }
    for place, entries in lists.items():
        for entry in sorted({entry for entry in entries if entries.count(entry) > 1}):
            yield FieldError(
                path=place,
                value=entry,
                message=f"'{entry}' is there twice",
                cure="keep each entry once",
            )


def of_pods(_names: Names, spec: Spec) -> Iterator[FieldError]:
    """Refuse what does not come together in one pod."""
    for rule in (
        pod_rules.mounted_volumes,
        pod_rules.requests_within_limits,
        pod_rules.containers_apart,
    ):
        yield from rule(spec)


RULES: Final[tuple[Rule, ...]] = (own_secrets, unique, of_pods)

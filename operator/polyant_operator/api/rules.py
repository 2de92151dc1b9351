"""Rules across the whole spec: those that need the instance's name, or that no schema can say.

The first group repeats rules of `crds/`, because an object may be older than a rule; the second
is the operator's alone.
"""

from collections.abc import Callable, Iterator
from typing import Final

from polyant_operator.api.errors import FieldError
from polyant_operator.api.names import Names
from polyant_operator.api.pod import Pod
from polyant_operator.api.quantities import amount
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
        **_pod_lists(spec),
    }
    for place, entries in lists.items():
        for entry in sorted({entry for entry in entries if entries.count(entry) > 1}):
            yield FieldError(
                path=place,
                value=entry,
                message=f"'{entry}' is there twice",
                cure="keep each entry once",
            )


def mounted_volumes(_names: Names, spec: Spec) -> Iterator[FieldError]:
    """Refuse mounts of volumes that nobody defines; no schema can see both places."""
    defaults = _volumes(spec.pod_defaults)
    for place, pod in _pods(spec).items():
        known = defaults | _volumes(pod)
        for mount in pod.extra_volume_mounts or ():
            if mount.name not in known:
                yield FieldError(
                    path=f"{place}.extraVolumeMounts",
                    value=mount.name,
                    message=f"'{mount.mount_path}' mounts volume '{mount.name}', which is not defined",
                    cure=f"add it to {place}.extraVolumes or correct the name",
                )


def requests_within_limits(_names: Names, spec: Spec) -> Iterator[FieldError]:
    """Refuse requests above their limit, which no pod could be made with."""
    for place, pod in _pods(spec).items():
        limits = (pod.resources.limits if pod.resources else None) or {}
        requests = (pod.resources.requests if pod.resources else None) or {}
        for name in sorted(limits.keys() & requests.keys()):
            if amount(requests[name]) > amount(limits[name]):
                yield FieldError(
                    path=f"{place}.resources.requests",
                    value=str(requests[name]),
                    message=f"{name} '{requests[name]}' is above the limit '{limits[name]}'",
                    cure="lower the request or raise the limit",
                )


RULES: Final[tuple[Rule, ...]] = (own_secrets, unique, mounted_volumes, requests_within_limits)


def _pods(spec: Spec) -> dict[str, Pod]:
    return {
        "spec.podDefaults": spec.pod_defaults,
        "spec.engine.pod": spec.engine.pod,
        "spec.web.pod": spec.web.pod,
    }


def _volumes(pod: Pod) -> set[str]:
    return {volume.name for volume in pod.extra_volumes or ()}


def _pod_lists(spec: Spec) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for place, pod in _pods(spec).items():
        lists[f"{place}.extraVolumes"] = [volume.name for volume in pod.extra_volumes or ()]
        mounts = pod.extra_volume_mounts or ()
        lists[f"{place}.extraVolumeMounts"] = [mount.mount_path for mount in mounts]
        spread = pod.topology_spread_constraints or ()
        lists[f"{place}.topologySpreadConstraints"] = [
            f"{constraint.topology_key}, {constraint.when_unsatisfiable}" for constraint in spread
        ]
    return lists

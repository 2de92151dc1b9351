"""Labels, annotations and field managers: the words other programs find our objects by.

They are API: a change here orphans objects of running installations.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

GROUP: Final = "polyant.ai"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
KIND: Final = "PolyantInstance"
PLURAL: Final = "polyantinstances"

# Field managers of server-side apply: one per actor, so that a diff names who changed what.
MANAGER: Final = "polyant-operator"
STATUS_MANAGER: Final = "polyant-operator-status"

# Recommended labels of Kubernetes.
NAME: Final = "app.kubernetes.io/name"
INSTANCE: Final = "app.kubernetes.io/instance"
COMPONENT: Final = "app.kubernetes.io/component"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
APPLICATION: Final = "polyant"

# Our own labels.
OWNER: Final = f"{GROUP}/instance"  # on every object, also on retained ones
SHARD: Final = f"{GROUP}/shard"  # on an instance: which operator serves it; copied to its objects
RELOAD: Final = f"{GROUP}/reload"  # "true" on a user's Secret: changes are seen at once
MIGRATION: Final = f"{GROUP}/migration"  # the hash a migration Job stands for
ATTEMPT: Final = f"{GROUP}/attempt"  # which try of that hash

# Annotations a person sets on a PolyantInstance.
RETRY_MIGRATION: Final = f"{GROUP}/retry-migration"  # any new value re-arms a failed migration
TAKE_OVER: Final = f"{GROUP}/take-over"  # installation id whose database this instance may take
PROMOTE: Final = f"{GROUP}/promote"  # the engine pod that shall lead; copied to the Lease
CONFIRM_DATA_LOSS: Final = f"{GROUP}/confirm-data-loss"  # the instance's uid

# Annotations the operator sets.
APPLIED: Final = f"{GROUP}/applied"  # on what is applied: the hash of what was wanted last
CRD_REVISION_ANNOTATION: Final = f"{GROUP}/crd-revision"
KEY_ID: Final = f"{GROUP}/key-id"  # on the generated key Secret
INSTALLATION_ID: Final = f"{GROUP}/installation-id"
UNCONFIRMED: Final = f"{GROUP}/unconfirmed"  # "true" until a migration report names this key
SECRET_DIGEST: Final = f"{GROUP}/secret-digest"  # on pod templates: pods roll when it changes
CA_DIGEST: Final = f"{GROUP}/ca-digest"  # the same for the ConfigMap of caBundleRef
TEMPLATE_DIGEST: Final = f"{GROUP}/template-digest"  # on Jobs: tells a stale pending one
POSTGRESQL_MAJOR: Final = f"{GROUP}/postgresql-major"  # on the database's PersistentVolumeClaim
RELEASE: Final = f"{GROUP}/operator-release"  # on Jobs: whose they are while two releases work
ROLLOUT: Final = f"{GROUP}/rollout"  # on what rolls pods: who asked for it (`desired.rollout`)
# Annotations of the Lease of the engines' leader; the engine writes them.
EPOCH: Final = f"{GROUP}/epoch"

# For Argo CD, on what outlives its instance: neither pruned nor counted as a difference.
ARGO_CD: Final[Mapping[str, str]] = {
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
}

# The operator refuses to start on a CRD with a smaller number: it would lose fields silently.
CRD_REVISION: Final = 4


class Component(StrEnum):
    """A part of an installation that has objects of its own."""

    ENGINE = "engine"
    WEB = "web"
    MIGRATION = "migration"
    DATABASE = "database"
    EDGE = "edge"
    MONITORING = "monitoring"


def selector(instance: str, component: Component) -> Mapping[str, str]:
    """Give the labels that pick a component's pods; immutable in a Deployment, so never extended."""
    return {NAME: APPLICATION, INSTANCE: instance, COMPONENT: component.value}


def owned(instance: str, component: Component) -> Mapping[str, str]:
    """Give the labels of an object that goes with its instance."""
    return {**selector(instance, component), MANAGED_BY: MANAGER, OWNER: instance}


def retained(instance: str) -> Mapping[str, str]:
    """Give the labels of an object that outlives its instance.

    Without `app.kubernetes.io/instance`: Argo CD tracks by it and would prune the object.
    """
    return {MANAGED_BY: MANAGER, OWNER: instance}


def selector_text(instance: str, component: Component) -> str:
    """Write a selector the way the scale subresource wants it."""
    return ",".join(f"{key}={value}" for key, value in selector(instance, component).items())

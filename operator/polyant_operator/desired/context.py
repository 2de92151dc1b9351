"""Everything a builder needs besides the instance: the operator's options and what was read.

The reconciler fills it; `render` fills it with placeholders.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from polyant_operator.api.labels import Component

# A Kubernetes object as plain data.
Manifest = dict[str, Any]

UNKNOWN_DIGEST: Final = ""


@dataclass(frozen=True, kw_only=True)
class OperandOptions:
    """What holds for every instance of this operator."""

    release: str = "0.1.0"  # the version an instance runs that names none
    engine_repository: str = "ghcr.io/polyant-ai/polyant-engine"  # without a tag
    database_image: str = "ghcr.io/polyant-ai/polyant-postgres:16"
    image_pull_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Context:
    """One reconcile's surroundings of an instance."""

    options: OperandOptions = field(default_factory=OperandOptions)
    # HMAC over the Secret values a component uses (`digests.component`); for one whose Secrets
    # couldn't be read, put the live pods' value here, or they would roll.
    secret_digests: Mapping[Component, str] = field(default_factory=dict)
    # Digest of the user's certificate authorities; as the live pods have it where it can't be read.
    ca_digest: str = UNKNOWN_DIGEST
    # `digests.migration`: what the migration Job is named after.
    migration_hash: str = UNKNOWN_DIGEST
    # Which try of that hash, from 1.
    migration_attempt: int = 1
    # Kinds of other people's operators that this cluster doesn't have (`kube/discovery.py`).
    absent_kinds: frozenset[str] = frozenset()
    # Addresses and ports under which pods reach the API server (`kube/api_server.py`).
    api_server: tuple[tuple[str, int], ...] = ()
    # `spec.controller` of the Ingress's class; empty where classes may not be read.
    ingress_controller: str = ""

    # The engine pod that shall lead, which was looked for; empty: whichever does.
    promote: str = ""

    def secret_digest(self, component: Component) -> str:
        """Give the digest for a component's pods."""
        return self.secret_digests.get(component, UNKNOWN_DIGEST)

    def has(self, kind: str) -> bool:
        """Tell whether the cluster has a kind that not every cluster has."""
        return kind not in self.absent_kinds

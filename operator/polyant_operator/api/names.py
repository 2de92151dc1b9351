"""The name of every object an instance has, from its own name.

An instance's name has at most 35 characters, so that each of these, and the pod names Kubernetes
derives from them, fits into 63.
"""

from dataclasses import dataclass
from typing import Final

LONGEST_INSTANCE: Final = 35
HASH_LENGTH: Final = 10


@dataclass(frozen=True)
class Names:
    """The names of one instance's objects."""

    instance: str

    @property
    def engine(self) -> str:
        """Name the engine's Deployment, Service, PodDisruptionBudget, ServiceAccount and Role."""
        return f"{self.instance}-engine"

    @property
    def web(self) -> str:
        """Name the panel's Deployment, Service and PodDisruptionBudget."""
        return f"{self.instance}-web"

    @property
    def database(self) -> str:
        """Name the embedded database's StatefulSet, Service and Secret."""
        return f"{self.instance}-database"

    @property
    def volume(self) -> str:
        """Name the embedded database's PersistentVolumeClaim, as its StatefulSet does."""
        return f"data-{self.database}-0"

    @property
    def migrate(self) -> str:
        """Name the NetworkPolicy of the migration's pods; the others are named as their components."""
        return f"{self.instance}-migrate"

    @property
    def monitor(self) -> str:
        """Name the PodMonitor."""
        return self.instance

    @property
    def lease(self) -> str:
        """Name the Lease of the channel leader."""
        return f"{self.instance}-channels"

    @property
    def edge(self) -> str:
        """Name the Ingress, the panel's HTTPRoute and the Certificate; the engine's is `engine`."""
        return self.instance

    @property
    def certificate(self) -> str:
        """Name the Secret into which cert-manager writes, unless the spec names another."""
        return f"{self.instance}-tls"

    @property
    def encryption_key(self) -> str:
        """Name the Secret of the generated encryption key."""
        return f"{self.instance}-encryption-key"

    @property
    def auth_secrets(self) -> str:
        """Name the Secret of the generated session, internal and digest keys."""
        return f"{self.instance}-auth-secrets"

    @property
    def auth_in_use(self) -> str:
        """Name the copy of the user's own auth Secrets that pods read, changed step by step."""
        return f"{self.instance}-auth-in-use"

    @property
    def admin(self) -> str:
        """Name the Secret of the first administrator."""
        return f"{self.instance}-admin"

    @property
    def generated(self) -> tuple[str, ...]:
        """List the names of all Secrets the operator may generate."""
        return (self.encryption_key, self.auth_secrets, self.admin, self.database)

    def migration(self, digest: str, attempt: int = 1) -> str:
        """Name the migration Job of a hash; later tries carry their number."""
        name = f"{self.instance}-migrate-{digest[:HASH_LENGTH]}"
        return name if attempt == 1 else f"{name}-{attempt}"

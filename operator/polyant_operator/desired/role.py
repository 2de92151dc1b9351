"""What the engine may do with its identity: hold one Lease, and nothing else."""

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.metadata import owned_metadata

_GROUP = "rbac.authorization.k8s.io"


def build(instance: PolyantInstance) -> tuple[Manifest, ...]:
    """Build the Role and its RoleBinding."""
    names = instance.names
    metadata = owned_metadata(instance, names.engine, Component.ENGINE)
    role: Manifest = {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "Role",
        "metadata": metadata,
        "rules": [
            {
                "apiGroups": ["coordination.k8s.io"],
                "resources": ["leases"],
                "resourceNames": [names.lease],
                "verbs": ["get", "watch", "update"],
            }
        ],
    }
    binding: Manifest = {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "RoleBinding",
        "metadata": owned_metadata(instance, names.engine, Component.ENGINE),
        "roleRef": {"apiGroup": _GROUP, "kind": "Role", "name": names.engine},
        "subjects": [
            {"kind": "ServiceAccount", "name": names.engine, "namespace": instance.namespace}
        ],
    }
    return role, binding

"""The kinds we speak of, and where the API server keeps them."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from typing_extensions import override

Object: TypeAlias = dict[str, Any]


class Kind(NamedTuple):
    """A resource of the API server."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None, name: str | None = None) -> str:
        """The URL path of a collection or of one object."""
        root = "api" if "/" not in self.api_version else "apis"
        parts = [root, self.api_version]
        if self.namespaced and namespace is not None:
            parts += ["namespaces", namespace]
        parts += [self.plural] + ([name] if name is not None else [])
        return "/" + "/".join(parts)


INSTANCE = Kind("polyant.ai/v1alpha1", "PolyantInstance", "polyantinstances")
CRD = Kind(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    namespaced=False,
)
SECRET = Kind("v1", "Secret", "secrets")
SERVICE = Kind("v1", "Service", "services")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount", "serviceaccounts")
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
PVC = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
POD = Kind("v1", "Pod", "pods")
EVENT = Kind("v1", "Event", "events")
ROLE = Kind("rbac.authorization.k8s.io/v1", "Role", "roles")
ROLE_BINDING = Kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings")
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")
DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments")
STATEFUL_SET = Kind("apps/v1", "StatefulSet", "statefulsets")
JOB = Kind("batch/v1", "Job", "jobs")
INGRESS = Kind("networking.k8s.io/v1", "Ingress", "ingresses")
INGRESS_CLASS = Kind("networking.k8s.io/v1", "IngressClass", "ingressclasses", namespaced=False)
AUTOSCALER = Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
DISRUPTION_BUDGET = Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
NETWORK_POLICY = Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
ENDPOINT_SLICE = Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices")
POD_MONITOR = Kind("monitoring.coreos.com/v1", "PodMonitor", "podmonitors")
HTTP_ROUTE = Kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")
CERTIFICATE = Kind("cert-manager.io/v1", "Certificate", "certificates")

# Not every cluster has these: `kube/discovery.py` knows whether this one does.
OPTIONAL = (POD_MONITOR, HTTP_ROUTE, CERTIFICATE)

# Children of an instance that the operator lists, applies and prunes.
CHILDREN = (
    SERVICE_ACCOUNT,
    ROLE,
    ROLE_BINDING,
    LEASE,
    SERVICE,
    STATEFUL_SET,
    JOB,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    AUTOSCALER,
    NETWORK_POLICY,
    POD_MONITOR,
    INGRESS,
    HTTP_ROUTE,
    CERTIFICATE,
)
# Children that a changed spec may make superfluous; only these may be deleted, besides Jobs.
PRUNED = (
    AUTOSCALER,
    NETWORK_POLICY,
    POD_MONITOR,
    SERVICE,
    STATEFUL_SET,
    INGRESS,
    HTTP_ROUTE,
    CERTIFICATE,
)
# Children whose changes are watched; the others are compared at resync.
WATCHED_CHILDREN = (DEPLOYMENT, STATEFUL_SET, JOB, INGRESS, HTTP_ROUTE, CERTIFICATE)

_ALL = (
    *CHILDREN,
    *OPTIONAL,
    INSTANCE,
    CRD,
    SECRET,
    CONFIG_MAP,
    PVC,
    POD,
    EVENT,
    INGRESS_CLASS,
    ENDPOINT_SLICE,
)
_BY_NAME = {(kind.api_version, kind.kind): kind for kind in _ALL}


def kind_of(manifest: Mapping[str, Any]) -> Kind:
    """The kind of a manifest; an unknown one is a mistake of ours."""
    return _BY_NAME[manifest["apiVersion"], manifest["kind"]]


class Ref(NamedTuple):
    """The identity of one object; a tuple, because it is hashed two hundred times a pass."""

    kind: Kind
    namespace: str
    name: str

    @override
    def __str__(self) -> str:
        """Name it as kubectl does."""
        return f"{self.kind.kind} {self.name}"


def ref_of(manifest: Mapping[str, Any]) -> Ref:
    """The identity of a manifest."""
    metadata = manifest["metadata"]
    return Ref(kind_of(manifest), metadata.get("namespace", ""), metadata["name"])

"""The proxy out of the cluster, and everything that is reached without it.

What is inside the cluster never goes through it, whatever the user lists: the panel calls the
engine, and the engine the API server, by addresses a proxy outside cannot know.
"""

from typing import Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.desired.context import Manifest

# The kubelet puts the address of the API server in for the last one.
INSIDE: Final = (
    "localhost",
    "127.0.0.1",
    "::1",
    ".svc",
    ".svc.cluster.local",
    "kubernetes.default",
    "$(KUBERNETES_SERVICE_HOST)",
)


def variables(instance: PolyantInstance) -> list[Manifest]:
    """Give the proxy's variables."""
    proxy = instance.spec.egress_proxy
    if proxy is None:
        return []
    given = {
        "HTTPS_PROXY": proxy.https_proxy,
        "HTTP_PROXY": proxy.http_proxy,
        "NO_PROXY": ",".join((*INSIDE, *_database(instance), *proxy.no_proxy)),
    }
    return [{"name": name, "value": value} for name, value in given.items() if value is not None]


def _database(instance: PolyantInstance) -> tuple[str, ...]:
    """Give the names of a database in the cluster, as its Secret may write them."""
    database = instance.spec.database
    if database.cnpg_cluster_ref is None:
        return ()
    service = f"{database.cnpg_cluster_ref.name}-rw"
    return service, f"{service}.{instance.namespace}"

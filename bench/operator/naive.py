"""The naive peer: the same objects by kopf's own handlers and the official client.

What most operators in Python look like: create, update and resume handlers that write every child
(a patch, or a create where there is none), and a handler of child events that does the same again.
The manifests come from our own builders, so that only the design differs. It is spared the status.
"""

import base64
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import kopf
from kubernetes import client as official

from polyant_operator.api import labels
from polyant_operator.api.instance import PolyantInstance, parse
from polyant_operator.api.labels import Component
from polyant_operator.desired import digests, tree
from polyant_operator.desired.context import Context, OperandOptions

# kind -> (API class, name of the resource in its methods)
WAYS: Mapping[str, tuple[Callable[[], Any], str]] = {
    "ServiceAccount": (official.CoreV1Api, "service_account"),
    "Service": (official.CoreV1Api, "service"),
    "Role": (official.RbacAuthorizationV1Api, "role"),
    "RoleBinding": (official.RbacAuthorizationV1Api, "role_binding"),
    "Lease": (official.CoordinationV1Api, "lease"),
    "StatefulSet": (official.AppsV1Api, "stateful_set"),
    "Deployment": (official.AppsV1Api, "deployment"),
    "PodDisruptionBudget": (official.PolicyV1Api, "pod_disruption_budget"),
    "Ingress": (official.NetworkingV1Api, "ingress"),
    "NetworkPolicy": (official.NetworkingV1Api, "network_policy"),
}
_NOT_FOUND = 404


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Set what every guide sets."""
    settings.posting.enabled = False


@kopf.on.login()
def login(**_: Any) -> kopf.ConnectionInfo:
    """Log in as a pod does."""
    server, authority = os.environ["BENCH_SERVER"], os.environ["BENCH_CA"]
    token = Path(os.environ["BENCH_TOKEN"]).read_text()
    configuration: Any = official.Configuration(host=server)
    configuration.ssl_ca_cert = authority
    configuration.api_key = {"authorization": f"Bearer {token}"}
    configuration.api_key_prefix = {}
    official.Configuration.set_default(configuration)
    return kopf.ConnectionInfo(server=server, ca_path=authority, token=token)


@kopf.on.resume(labels.PLURAL)
@kopf.on.create(labels.PLURAL)
@kopf.on.update(labels.PLURAL)
def ensure(body: kopf.Body, **_: Any) -> None:
    """Write every child."""
    instance = parse({**body})
    context = _context(instance)
    for manifest in (*tree.always(instance, context), *tree.workloads(instance, context)):
        _write(manifest)


@kopf.on.event("apps", "v1", "deployments", labels={labels.OWNER: kopf.PRESENT})
def child_changed(event: Mapping[str, Any], meta: kopf.Meta, **_: Any) -> None:
    """Repair what somebody changed."""
    if event["type"] not in ("MODIFIED", "DELETED"):
        return
    way = official.CustomObjectsApi()
    name = meta["labels"][labels.OWNER]
    body: Any = way.get_namespaced_custom_object(
        labels.GROUP, labels.VERSION, meta["namespace"], labels.PLURAL, name
    )
    instance = parse(body)
    context = _context(instance)
    for manifest in tree.workloads(instance, context):
        if manifest["metadata"]["name"] == meta["name"] and manifest["kind"] == "Deployment":
            _write(manifest)


def _context(instance: PolyantInstance) -> Context:
    names = instance.names
    read = official.CoreV1Api().read_namespaced_secret
    values = {}
    for name in (names.encryption_key, names.auth_secrets, names.admin, names.database):
        data = read(name, instance.namespace).data or {}
        values[name] = {key: base64.b64decode(value) for key, value in data.items()}
    key = values[names.auth_secrets]["DIGEST_KEY"]
    parts = (Component.ENGINE, Component.WEB, Component.DATABASE)
    found = {part: digests.component(instance, part, values, key) for part in parts}
    return Context(options=OperandOptions(), secret_digests=found)


def _write(manifest: dict[str, Any]) -> None:
    api, resource = WAYS[manifest["kind"]]
    metadata = manifest["metadata"]
    way, namespace = api(), metadata["namespace"]
    try:
        getattr(way, f"patch_namespaced_{resource}")(metadata["name"], namespace, manifest)
    except official.ApiException as error:
        if error.status != _NOT_FOUND:
            raise
        getattr(way, f"create_namespaced_{resource}")(namespace, manifest)


if __name__ == "__main__":
    kopf.run(clusterwide=True, standalone=True)

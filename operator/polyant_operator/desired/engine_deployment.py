"""The engine's Deployment: the only pods with an identity, for the Lease."""

from typing import Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired import environment, images, placement, pods, ports
from polyant_operator.desired.context import Context, Manifest
from polyant_operator.desired.deployments import deployment

_REQUESTS: Final = {"cpu": "100m", "memory": "192Mi"}
_IDENTITY: Final = "kubernetes-api"
_IDENTITY_PATH: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOKEN_SECONDS: Final = 3600


def build(instance: PolyantInstance, context: Context) -> Manifest:
    """Build the engine's Deployment."""
    pod = placement.merged(instance.spec.pod_defaults, instance.spec.engine.pod)
    part = pods.Part(
        component=Component.ENGINE,
        container=_container(instance, context),
        pod=pod,
        requests=_REQUESTS,
        mounts=({"name": _IDENTITY, "mountPath": _IDENTITY_PATH, "readOnly": True},),
        volumes=(_identity(),),
        fields={
            "serviceAccountName": instance.names.engine,
            "terminationGracePeriodSeconds": pods.grace_seconds(instance),
            "topologySpreadConstraints": placement.spread(instance.name, Component.ENGINE, pod),
        },
        scratch="256Mi",
        # An autoscaler reckons in parts of the request.
        needed=("cpu",) if instance.spec.engine.autoscaling is not None else (),
    )
    template = pods.template(instance, context, part)
    return deployment(instance, instance.names.engine, Component.ENGINE, template)


def _container(instance: PolyantInstance, context: Context) -> Manifest:
    container: Manifest = {
        "name": "engine",
        "image": images.engine(instance, context.options),
        "command": ["polyant-engine", "serve"],
        "env": environment.engine(instance),
        **pods.serving({"http": ports.ENGINE, "internal": ports.INTERNAL}),
    }
    if instance.spec.engine.env_from:
        container["envFrom"] = environment.sets(instance.spec.engine.env_from)
    return container


def _identity() -> Manifest:
    """Project what the kubelet would mount by itself, but into this pod only."""
    namespace = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
    authority = {"key": "ca.crt", "path": "ca.crt"}
    return {
        "name": _IDENTITY,
        "projected": {
            "sources": [
                {"serviceAccountToken": {"path": "token", "expirationSeconds": _TOKEN_SECONDS}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [authority]}},
                {"downwardAPI": {"items": [namespace]}},
            ]
        },
    }

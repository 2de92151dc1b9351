"""The frame of every pod we create: Pod Security `restricted`, read-only root, no identity.

Components fill in a `Part`; what the user says about pods is merged here, once for all.
"""

from dataclasses import dataclass, field
from typing import Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import CA_DIGEST, SECRET_DIGEST, Component, owned
from polyant_operator.api.pod import Pod
from polyant_operator.desired import ca_bundle, containers, placement, ports
from polyant_operator.desired.context import Context, Manifest
from polyant_operator.desired.wire import wire

USER: Final = 10001
# Endpoints of load balancers need a moment to forget a pod; it serves until then.
PRE_STOP_SECONDS: Final = 5
# For what a running turn does after its model call, and for closing connections.
CLOSING_SECONDS: Final = 20


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is particular about one component's pod."""

    component: Component
    container: Manifest  # name, image, args, env, ports, probes
    pod: Pod  # the user's settings, merged
    requests: dict[str, str]
    mounts: tuple[Manifest, ...] = ()
    volumes: tuple[Manifest, ...] = ()
    fields: Manifest = field(default_factory=dict)  # further fields of the pod's spec
    scratch: str = "64Mi"  # size of /tmp
    needed: tuple[str, ...] = ()  # requests that are there whatever the user says


def template(instance: PolyantInstance, context: Context, part: Part) -> Manifest:
    """Build the pod template of a component."""
    return {"metadata": _metadata(instance, context, part), "spec": _spec(instance, context, part)}


def probes() -> Manifest:
    """Probe the metrics port, which is on no edge."""
    live, ready = _get("/livez"), _get("/readyz")
    return {
        "startupProbe": {**live, "periodSeconds": 1, "failureThreshold": 60, "timeoutSeconds": 2},
        "livenessProbe": {**live, "periodSeconds": 10, "failureThreshold": 3, "timeoutSeconds": 5},
        "readinessProbe": {**ready, "periodSeconds": 5, "failureThreshold": 2, "timeoutSeconds": 4},
    }


def serving(numbers: dict[str, int]) -> Manifest:
    """Describe a container that serves: its ports, its probes, and a late stop."""
    return {
        "ports": [
            {"name": name, "containerPort": number, "protocol": "TCP"}
            for name, number in {**numbers, "metrics": ports.METRICS}.items()
        ],
        "lifecycle": {"preStop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
        **probes(),
    }


def grace_seconds(instance: PolyantInstance) -> int:
    """Give a running turn the time to end before the container is killed."""
    longest = instance.spec.engine.tunables.agent_call_seconds
    return PRE_STOP_SECONDS + longest + CLOSING_SECONDS


def _metadata(instance: PolyantInstance, context: Context, part: Part) -> Manifest:
    annotations = dict(part.pod.annotations or {})
    # A Deployment's pods roll when it changes; a Job is named after its Secrets already.
    rolls = part.component is not Component.MIGRATION
    if rolls and (digest := context.secret_digest(part.component)):
        annotations[SECRET_DIGEST] = digest
    if ca_bundle.is_read_by(instance, part.component) and rolls and context.ca_digest:
        annotations[CA_DIGEST] = context.ca_digest
    metadata: Manifest = {
        "labels": {**(part.pod.labels or {}), **owned(instance.name, part.component)}
    }
    return {**metadata, "annotations": annotations} if annotations else metadata


def _spec(instance: PolyantInstance, context: Context, part: Part) -> Manifest:
    spec: Manifest = {
        "automountServiceAccountToken": False,
        # Nobody reads the addresses of other Services from variables; with many it costs start-up.
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **placement.pod_fields(part.pod),
        **part.fields,
        "containers": [_container(instance, part)],
        "volumes": _volumes(instance, part),
    }
    if before := containers.build(part.pod):
        spec["initContainers"] = before
    if secrets := _pull_secrets(instance, context):
        spec["imagePullSecrets"] = secrets
    return spec


def _container(instance: PolyantInstance, part: Part) -> Manifest:
    own = [wire(mount) for mount in part.pod.extra_volume_mounts or ()]
    bundle = ca_bundle.mounts(instance, part.component)
    return {
        **part.container,
        "imagePullPolicy": instance.spec.image_pull_policy.value,
        "resources": placement.resources(part.pod, part.requests, *part.needed),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, *part.mounts, *bundle, *own],  # noqa: S108 - inside the container
    }


def _volumes(instance: PolyantInstance, part: Part) -> list[Manifest]:
    scratch = {"name": "tmp", "emptyDir": {"sizeLimit": part.scratch}}
    own = [wire(volume) for volume in part.pod.extra_volumes or ()]
    return [scratch, *part.volumes, *ca_bundle.volumes(instance, part.component), *own]


def _pull_secrets(instance: PolyantInstance, context: Context) -> list[Manifest]:
    given = [secret.name for secret in instance.spec.image_pull_secrets]
    names = dict.fromkeys((*given, *context.options.image_pull_secrets))
    return [{"name": name} for name in names]


def _get(path: str) -> Manifest:
    return {"httpGet": {"path": path, "port": "metrics"}}

"""The embedded database: one PostgreSQL pod with one volume.

The image takes the variables of the official one. Its probes are plain TCP: the official entry
point listens on TCP only when initialisation is over.
"""

from typing import Final

from polyant_operator.api.database import EmbeddedDatabase
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import ARGO_CD, Component, retained, selector
from polyant_operator.api.pod import Pod
from polyant_operator.desired import environment, images, placement, pods, ports
from polyant_operator.desired.context import Context, Manifest
from polyant_operator.desired.metadata import owned_metadata

VOLUME: Final = "data"
_DATA: Final = "/var/lib/postgresql/data"
_REQUESTS: Final = {"cpu": "100m", "memory": "256Mi"}
# A checkpoint at shutdown may take a while; killed, the next start replays the log instead.
_GRACE_SECONDS: Final = 120


def build(instance: PolyantInstance, context: Context, embedded: EmbeddedDatabase) -> Manifest:
    """Build the StatefulSet."""
    component, name = Component.DATABASE, instance.names.database
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": owned_metadata(instance, name, component),
        "spec": {
            "replicas": 1,
            "serviceName": name,
            "selector": {"matchLabels": dict(selector(instance.name, component))},
            "revisionHistoryLimit": 3,
            "persistentVolumeClaimRetentionPolicy": {
                "whenDeleted": instance.spec.deletion_policy.value,
                "whenScaled": "Retain",
            },
            "template": pods.template(instance, context, _part(instance, context)),
            "volumeClaimTemplates": [_claim(instance, embedded)],
        },
    }


def _part(instance: PolyantInstance, context: Context) -> pods.Part:
    socket: Manifest = {"name": "run", "emptyDir": {"sizeLimit": "16Mi"}}
    return pods.Part(
        component=Component.DATABASE,
        container={
            "name": "postgresql",
            "image": images.database(instance, context.options),
            "env": environment.database(instance, _DATA),
            "ports": [{"name": "postgresql", "containerPort": ports.DATABASE, "protocol": "TCP"}],
            **_probes(),
        },
        pod=placement.merged(instance.spec.pod_defaults, Pod()),
        requests=_REQUESTS,
        mounts=(
            {"name": VOLUME, "mountPath": _DATA},
            {"name": "run", "mountPath": "/var/run/postgresql"},
        ),
        volumes=(socket,),
        fields={"terminationGracePeriodSeconds": _GRACE_SECONDS},
    )


def _probes() -> Manifest:
    knock = {"tcpSocket": {"port": "postgresql"}, "timeoutSeconds": 3}
    return {
        # Initialising, or replaying the log after a crash, may take minutes.
        "startupProbe": {**knock, "periodSeconds": 2, "failureThreshold": 300},
        "livenessProbe": {**knock, "periodSeconds": 20, "failureThreshold": 6},
        "readinessProbe": {**knock, "periodSeconds": 5, "failureThreshold": 2},
    }


def _claim(instance: PolyantInstance, embedded: EmbeddedDatabase) -> Manifest:
    spec: Manifest = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": embedded.storage}},
    }
    if embedded.storage_class_name is not None:
        spec["storageClassName"] = embedded.storage_class_name
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": VOLUME,
            "labels": dict(retained(instance.name)),
            # The StatefulSet's controller adds the selector to the labels, by which Argo CD may track.
            "annotations": dict(ARGO_CD),
        },
        "spec": spec,
    }

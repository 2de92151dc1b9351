"""Metadata of the objects an instance owns."""

from collections.abc import Mapping

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import (
    API_VERSION,
    ARGO_CD,
    KIND,
    SHARD,
    Component,
    owned,
    retained,
)
from polyant_operator.desired.context import Manifest


def owned_metadata(
    instance: PolyantInstance,
    name: str,
    component: Component,
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """Describe an object that goes when its instance goes."""
    metadata: Manifest = {
        "name": name,
        "namespace": instance.namespace,
        "labels": {**owned(instance.name, component), **_shard(instance)},
        "ownerReferences": [owner_reference(instance)],
    }
    if annotations:
        metadata["annotations"] = dict(annotations)
    return metadata


def _shard(instance: PolyantInstance) -> Mapping[str, str]:
    shard = instance.metadata.labels.get(SHARD)
    return {SHARD: shard} if shard else {}


def retained_metadata(
    instance: PolyantInstance, name: str, annotations: Mapping[str, str] | None = None
) -> Manifest:
    """Describe an object that outlives its instance."""
    return {
        "name": name,
        "namespace": instance.namespace,
        "labels": dict(retained(instance.name)),
        "annotations": {**ARGO_CD, **(annotations or {})},
    }


def owner_reference(instance: PolyantInstance) -> Manifest:
    """Point at the instance, so that garbage collection takes the object with it."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": instance.name,
        "uid": instance.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }

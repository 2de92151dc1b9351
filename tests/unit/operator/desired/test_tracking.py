"""Argo CD deletes nothing that is to stay, even if an Application is named like the instance.

With tracking by label Argo CD takes every object without an owner whose `app.kubernetes.io/instance` is
the Application's name for its own: what is not in Git it prunes, or deletes with the Application.
"""

from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import INSTANCE, OWNER, Component
from polyant_operator.desired import secrets, tree
from polyant_operator.desired.context import Context, Manifest
from support.instances import instances

CONTEXT = Context(
    secret_digests=dict.fromkeys(Component, "d" * 32), migration_hash="f" * 32, migration_attempt=1
)
OPTIONS = "argocd.argoproj.io/sync-options"
COMPARISON = "argocd.argoproj.io/compare-options"
MANY = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def claims(stateful_set: Manifest) -> Iterator[Manifest]:
    """Volume claims as the StatefulSet's controller makes them: with the selector as labels."""
    spec = stateful_set.get("spec", {})
    for template in spec.get("volumeClaimTemplates", ()):
        labels = {**template["metadata"]["labels"], **spec["selector"]["matchLabels"]}
        yield {**template, "metadata": {**template["metadata"], "labels": labels}}


def every(instance: PolyantInstance) -> Iterator[Manifest]:
    """Everything that comes to be in the namespace by itself, down to what has no owner."""
    for secret in secrets.wanted(instance):
        yield secrets.creation(instance, secret, b"r" * secrets.RANDOM_BYTES)
    yield tree.migration_job(instance, CONTEXT)
    for manifest in (*tree.always(instance, CONTEXT), *tree.workloads(instance, CONTEXT)):
        yield manifest
        yield from claims(manifest)


def without_owner(instance: PolyantInstance) -> list[Manifest]:
    found = (obj for obj in every(instance) if not obj["metadata"].get("ownerReferences"))
    return list(found)


def options(obj: Manifest, annotation: str) -> set[str]:
    annotations = obj["metadata"].get("annotations") or {}
    return set(annotations.get(annotation, "").split(","))


@MANY
@given(instances())
def test_what_has_no_owner_is_neither_pruned_nor_deleted(instance: PolyantInstance) -> None:
    left = without_owner(instance)

    assert all({"Prune=false", "Delete=false"} <= options(obj, OPTIONS) for obj in left)


@MANY
@given(instances())
def test_what_has_no_owner_leaves_the_application_in_sync(instance: PolyantInstance) -> None:
    left = without_owner(instance)

    assert all("IgnoreExtraneous" in options(obj, COMPARISON) for obj in left)


@MANY
@given(instances())
def test_only_a_volume_is_tracked_by_the_label(instance: PolyantInstance) -> None:
    """Kubernetes puts the selector on it; everything else without an owner has only our own label."""
    tracked = [
        obj
        for obj in without_owner(instance)
        if obj["metadata"]["labels"].get(INSTANCE) == instance.name
    ]

    assert {obj["kind"] for obj in tracked} <= {"PersistentVolumeClaim"}
    assert all(obj["metadata"]["labels"][OWNER] == instance.name for obj in tracked)


@MANY
@given(instances())
def test_no_object_carries_a_mark_of_somebodys_deployment(instance: PolyantInstance) -> None:
    """A child with the marks of its instance would be taken for a part of Git itself."""
    foreign = ("argocd.argoproj.io/tracking-id", "kustomize.toolkit.fluxcd.io/", "last-applied")
    metadata = [str(obj["metadata"]) for obj in every(instance)]

    assert [text for text in metadata if any(mark in text for mark in foreign)] == []

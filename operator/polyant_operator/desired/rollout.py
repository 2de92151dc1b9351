"""Marks manifests as part of a rollout (`api.rollout`)."""

from collections.abc import Iterable
from typing import Final

from polyant_operator.api.labels import ROLLOUT
from polyant_operator.desired.context import Manifest

# What rolls pods.
ROLLED_KINDS: Final = ("Deployment", "StatefulSet")


def marked(manifests: Iterable[Manifest], text: str) -> tuple[Manifest, ...]:
    """Put a mark on what rolls pods; an empty one changes nothing."""
    return tuple(
        with_mark(manifest, text) if manifest["kind"] in ROLLED_KINDS else manifest
        for manifest in manifests
    )


def with_mark(manifest: Manifest, text: str) -> Manifest:
    """Put a mark on one manifest; an empty one changes nothing."""
    if not text:
        return manifest
    metadata = manifest["metadata"]
    annotations = {**(metadata.get("annotations") or {}), ROLLOUT: text}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}

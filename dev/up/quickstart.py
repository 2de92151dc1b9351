"""`examples/quickstart` as this cluster needs it: local images, and the edge that is there.

The example is rendered by kubectl's own kustomize, so what `make up` applies is what a reader of
the example would apply, changed in these few places only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from dev.images import catalog
from dev.up.errors import StepError
from dev.up.kubectl import Kubectl

FOLDER = catalog.ROOT / "examples" / "quickstart"
NAMESPACE = "polyant-demo"
INSTANCE = "demo"
HOST = "polyant.localhost"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What differs from cluster to cluster."""

    engine_image: str
    edge_class: str | None  # None: nothing serves an Ingress here
    public_url: str
    engine_public_url: str | None = None  # where it differs from the panel's


def manifests(kubectl: Kubectl, settings: Settings) -> list[dict[str, Any]]:
    """Everything to apply, the namespace first."""
    documents = yaml.safe_load_all(kubectl.run("kustomize", str(FOLDER)))
    return [_fitted(document, settings) for document in documents if document]


def demo_model(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The scripted model alone, for other namespaces."""
    return [found for found in documents if found["metadata"]["name"] == "demo-model"]


def _fitted(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    if document["kind"] == "Deployment":
        (container,) = document["spec"]["template"]["spec"]["containers"]
        container["image"] = settings.engine_image
    if document["kind"] == "PolyantInstance":
        document["spec"]["version"] = tag(settings.engine_image)
        document["spec"]["edge"] = _edge(settings)
    return document


def _edge(settings: Settings) -> dict[str, Any]:
    if settings.edge_class is None:
        urls = {"publicUrl": settings.public_url, "enginePublicUrl": settings.engine_public_url}
        return {"type": "External", **urls}
    return {
        "type": "Ingress",
        "className": settings.edge_class,
        "host": HOST,
        "publicUrl": settings.public_url,
    }


def tag(reference: str) -> str:
    """The tag of an image reference."""
    repository, separator, found = reference.rpartition(":")
    if not separator or "/" in found:
        raise StepError(f"{reference} has no tag")
    return found if repository else ""

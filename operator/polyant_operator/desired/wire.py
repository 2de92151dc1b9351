"""Parts of the spec that are Kubernetes' own shapes, passed on as they came."""

from typing import Any

from polyant_operator.api.model import Model


def wire(value: Model) -> dict[str, Any]:
    """Write a value with the names of the wire and without what was left out."""
    return value.model_dump(mode="json", by_alias=True, exclude_defaults=True)

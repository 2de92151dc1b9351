"""Processor and memory of a container, as Kubernetes writes them."""

from typing import Annotated

from pydantic import Field

from polyant_operator.api.model import Model, either
from polyant_operator.api.quantities import Quantity

# Whole numbers may come without quotes, as people write `cpu: 1`.
Amount = Annotated[
    Annotated[int, Field(ge=0)] | Quantity,
    either("is not an amount", "write for example 500m or 8Gi"),
]
Amounts = Annotated[dict[str, Amount], Field(max_length=16)]


class Resources(Model):
    """What a container asks for, and the most it gets."""

    requests: Amounts | None = None
    limits: Amounts | None = None

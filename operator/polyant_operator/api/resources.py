"""Processor and memory of a container, as Kubernetes writes them."""

from typing import Annotated

from pydantic import Field

from polyant_operator.api.model import Model
from polyant_operator.api.quantities import Quantity

# Whole numbers may come without quotes, as people write `cpu: 1`.
Amount = Annotated[int, Field(ge=0)] | Quantity
Amounts = Annotated[dict[str, Amount], Field(max_length=16)]


class Resources(Model):
    """What a container asks for, and the most it gets."""

    requests: Amounts | None = None
    limits: Amounts | None = None

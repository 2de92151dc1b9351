"""Amounts of memory, storage and processors, as Kubernetes writes them."""

from typing import Annotated

from pydantic import AfterValidator, Field

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import matching

_EXPRESSION = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?"


def _positive(value: str) -> str:
    if value.startswith("-") or not any(digit in value for digit in "123456789"):
        raise refusal(f"'{value}' is not a positive amount", "write for example 8Gi")
    return value


Quantity = Annotated[
    str,
    Field(min_length=1, max_length=32),
    matching(_EXPRESSION, "is not an amount", "write for example 500m or 8Gi"),
]
PositiveQuantity = Annotated[
    str,
    Field(min_length=1, max_length=32),
    matching(_EXPRESSION, "is not a positive amount", "write for example 8Gi"),
    AfterValidator(_positive),
]

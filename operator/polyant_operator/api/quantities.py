"""Amounts of memory, storage and processors, as Kubernetes writes them."""

from re import compile as pattern
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import matching

# The amount itself has a digit other than 0; an exponent doesn't count.
_NOT_ZERO: Final = pattern(r"[0.]*[1-9]").match
_EXPRESSION: Final = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?"


def _positive(value: str) -> str:
    if not _NOT_ZERO(value):
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

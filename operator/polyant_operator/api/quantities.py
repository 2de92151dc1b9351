"""Amounts of memory, storage and processors, as Kubernetes writes them."""

from decimal import Decimal
from re import compile as pattern
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import matching

# The amount itself has a digit other than 0; an exponent doesn't count.
_NOT_ZERO: Final = pattern(r"[+0.]*[1-9]").match
_EXPRESSION: Final = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?"

_PARTS: Final = pattern(r"([0-9.]+)(.*)")
_SUFFIXES: Final = {
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)},
    **{unit: Decimal(1000) ** -power for power, unit in enumerate("mun", start=1)},
    "": Decimal(1),
}


def amount(value: str | int) -> Decimal:
    """Give the number an amount stands for: 500m is 0.5, 1Ki is 1024."""
    parts = _PARTS.fullmatch(str(value))
    if parts is None:
        raise ValueError(f"{value} is not an amount")
    number, suffix = parts.groups()
    factor = _SUFFIXES.get(suffix)
    return Decimal(number + suffix) if factor is None else Decimal(number) * factor


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
    matching(rf"\+?{_EXPRESSION}", "is not a positive amount", "write for example 8Gi"),
    AfterValidator(_positive),
]

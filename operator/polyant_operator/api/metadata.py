"""Labels and annotations a user adds to what the operator makes."""

from re import compile as pattern
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from polyant_operator.api.errors import refusal

_OURS: Final = ("app.kubernetes.io/", "polyant.ai/")
_KEY: Final = pattern(
    r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_VALUE: Final = pattern(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")


def _well_named(value: dict[str, str]) -> dict[str, str]:
    if wrong := sorted(key for key in value if not _KEY.fullmatch(key)):
        raise refusal(
            f"'{wrong[0]}' is not a valid key",
            "write name or prefix/name, of letters, digits, '-', '_' and '.'",
        )
    return value


def _well_valued(value: dict[str, str]) -> dict[str, str]:
    if wrong := [text for _, text in sorted(value.items()) if not _VALUE.fullmatch(text)]:
        raise refusal(
            f"'{wrong[0]}' is not a valid label value",
            "use letters, digits, '-', '_' and '.', with a letter or digit at both ends",
        )
    return value


def _foreign_keys(value: dict[str, str]) -> dict[str, str]:
    if taken := sorted(key for key in value if key.startswith(_OURS)):
        raise refusal(
            f"'{taken[0]}' belongs to the operator",
            "use keys outside app.kubernetes.io/ and polyant.ai/",
        )
    return value


Labels = Annotated[
    dict[str, Annotated[str, Field(max_length=63)]],
    Field(max_length=32),
    AfterValidator(_well_named),
    AfterValidator(_foreign_keys),
    AfterValidator(_well_valued),
]
Annotations = Annotated[
    dict[str, Annotated[str, Field(max_length=4096)]],
    Field(max_length=32),
    AfterValidator(_well_named),
    AfterValidator(_foreign_keys),
]
NodeSelector = Annotated[
    dict[str, Annotated[str, Field(max_length=63)]],
    Field(max_length=32),
    AfterValidator(_well_named),
    AfterValidator(_well_valued),
]

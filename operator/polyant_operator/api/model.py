"""The base of every value read from a PolyantInstance: frozen, camelCase outside, strict.

Optional means left out: the models know no null, because a null in the object would come back as
drift in GitOps tools. Unknown fields are refused: a misspelt field must not be a silent default.
"""

from collections.abc import Callable
from re import compile as pattern

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, WrapValidator
from pydantic.alias_generators import to_camel
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from polyant_operator.api.errors import refusal, shortened


class Model(BaseModel):
    """A frozen value with camelCase names on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
    )


class Reported(Model):
    """A value this operator wrote itself; what a newer operator added is left alone."""

    # Made in Python too, by the names of Python.
    model_config = ConfigDict(extra="ignore", validate_by_name=True)


def distinct(value: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list that says something twice; for lists that are sets."""
    if twice := sorted({item for item in value if value.count(item) > 1}):
        raise refusal(f"'{twice[0]}' is there twice", "keep each entry once")
    return value


def matching(expression: str, problem: str, cure: str) -> AfterValidator:
    """Make the rule that a text matches an expression as a whole."""
    fits: Callable[[str], object] = pattern(expression).fullmatch

    def rule(value: str) -> str:
        if not fits(value):
            raise refusal(f"'{value}' {problem}", cure)
        return value

    return AfterValidator(rule)


def either(problem: str, cure: str) -> WrapValidator:
    """Say one sentence about a value that may have two types, where each would have its own."""

    def validate(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return handler(value)
        except ValidationError:
            raise refusal(f"{shortened(value)} {problem}", cure) from None

    return WrapValidator(validate)

"""Rules: what a request must look like, and what the scripted model then does.

The first rule whose `match` fits decides. A file is validated as a whole, so that one reading
shows every mistake in it.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

PLACEHOLDER = re.compile(r"\{(\w+)\}")
MAX_DELAY_MS = 600_000


class Part(BaseModel):
    """The shared strictness of every object in a rules file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class Match(Part):
    """What a request must look like. An absent condition always fits."""

    text: str | None = None  # regular expression, searched in the last user message
    model: str | None = None  # regular expression, searched in the model's name
    tools: bool | None = None  # whether the request offers tools
    tool_result: bool | None = None  # whether the last message is a tool's result

    @field_validator("text", "model")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                compiled(pattern)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from error
        return pattern


class Usage(Part):
    """Token counts to report instead of the estimate."""

    prompt_tokens: Annotated[int, Field(ge=0)]
    completion_tokens: Annotated[int, Field(ge=0)]
    cached_tokens: Annotated[int, Field(ge=0)] = 0


class ToolCall(Part):
    """One function the model asks for."""

    name: Annotated[str, Field(min_length=1)]
    arguments: dict[str, Any] = {}


class Failure(Part):
    """An HTTP error instead of an answer; `times` absent means always."""

    status: Annotated[int, Field(ge=400, le=599)]
    message: str = "scripted failure"
    code: str | None = None
    retry_after: Annotated[float, Field(ge=0)] | None = None  # seconds
    times: Annotated[int, Field(ge=1)] | None = None


class Chunks(Part):
    """How a streamed answer is cut up."""

    size: Annotated[int, Field(ge=1)] = 16  # characters
    delay_ms: Annotated[int, Field(ge=0, le=MAX_DELAY_MS)] = 0  # before each chunk


class Rule(Part):
    """A condition and everything that follows from it."""

    name: str = ""
    match: Match = Match()
    fail: Failure | None = None
    delay_ms: Annotated[int, Field(ge=0, le=MAX_DELAY_MS)] = 0  # before the first byte
    reply: str | None = (
        None  # {text}, {model}, {0}, {1} and named groups of match.text are filled in
    )
    tool_calls: list[ToolCall] = []
    chunks: Chunks = Chunks()
    usage: Usage | None = None
    hang: bool = False  # accept the request and never answer
    cut_after: Annotated[int, Field(ge=0)] | None = None  # chunks before the connection breaks

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        always_fails = self.fail is not None and self.fail.times is None
        answers = self.reply is not None or bool(self.tool_calls)
        if not (answers or self.hang or always_fails):
            raise ValueError("the rule does nothing: give it reply, toolCalls, hang or fail")
        return self


class Rules(Part):
    """A rules file."""

    models: Annotated[list[str], Field(min_length=1)] = ["demo"]  # what /v1/models lists
    rules: Annotated[list[Rule], Field(min_length=1)]


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern once."""
    return re.compile(pattern)


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders that have a value; leave the others as they are."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)


def fill_deep(value: Any, values: Mapping[str, str]) -> Any:
    """Fill placeholders in every string of a JSON value."""
    if isinstance(value, str):
        return fill(value, values)
    if isinstance(value, list):
        return [fill_deep(item, values) for item in value]
    if isinstance(value, dict):
        return {key: fill_deep(item, values) for key, item in value.items()}
    return value


DEFAULT_RULES = Rules(rules=[Rule(name="echo", reply="You said: {text}")])

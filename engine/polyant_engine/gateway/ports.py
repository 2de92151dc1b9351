"""What a model is, to everybody above: a target, a request, and deltas until the answer ends."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a request goes."""

    provider: str  # the name of an installation model, or `openai`
    base_url: str  # up to and including /v1, without a trailing slash
    model: str  # the provider's own model id
    api_key: str | None  # None: the server wants none


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A picture of a user."""

    media_type: str  # image/png, for example
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message of the prompt."""

    role: str  # system, user, assistant
    content: str
    images: Sequence[Image] = ()  # only of users


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How to sample; None leaves it to the provider."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatRequest:
    """One call of a model."""

    messages: Sequence[Message]
    sampling: Sampling = Sampling()
    stream: bool = False  # whether the caller wants the text while it is made
    tools: Sequence[dict[str, Any]] = ()  # JSON schemas, as the provider wants them


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens as the provider counted them; `input_tokens` includes the cached ones."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call; the arguments of one index are concatenated."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delta:
    """What arrived; any part may be absent."""

    text: str = ""
    tool_calls: Sequence[ToolCallDelta] = ()
    finish_reason: str | None = None
    usage: Usage | None = None


class ChatModel(Protocol):
    """A provider's chat endpoint.

    The generator raises `gateway.errors.ModelError` for whatever goes wrong upstream. Closing or
    cancelling it closes the connection to the provider at once.
    """

    def chat(self, target: Target, request: ChatRequest) -> AsyncGenerator[Delta]:
        """Ask, and yield the answer as it arrives; one delta when not streamed."""
        ...

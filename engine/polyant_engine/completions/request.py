"""Read a chat completion request, or say everything that is wrong with it.

Unknown fields pass, as they do at OpenAI's own API; what we cannot honour is refused instead of
being ignored.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from polyant_engine.completions import parts
from polyant_engine.completions.parts import Content
from polyant_engine.conversations import model
from polyant_engine.gateway import ports as gateway

SLUG = r"^[a-z0-9]([a-z0-9_.-]*[a-z0-9])?$"
MAX_MESSAGES = 1000
MAX_STOPS = 4
SYSTEM_ROLES = ("system", "developer")
NO_NUL = "must not contain the character U+0000"


def read_stops(stop: Any) -> Any:
    """Read one stop sequence as a list of one."""
    return [stop] if isinstance(stop, str) else stop


class Message(BaseModel):
    """One message of the caller."""

    model_config = ConfigDict(frozen=True)

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[Content, BeforeValidator(parts.read)] = Content()

    @model_validator(mode="after")
    def _is_storable(self) -> Self:
        if "\x00" in self.content.text:
            raise ValueError(f"content {NO_NUL}")
        if self.content.images and self.role != "user":
            raise ValueError("content: only messages of the role user may have images")
        return self

    @property
    def spoken(self) -> gateway.Message:
        """Give the message as a model takes it."""
        return gateway.Message(
            role=self.role, content=self.content.text, images=self.content.images
        )


class StreamOptions(BaseModel):
    """What a stream carries besides text."""

    model_config = ConfigDict(frozen=True)

    include_usage: bool = False


class ChatBody(BaseModel):
    """The body of `POST /v1/chat/completions`."""

    model_config = ConfigDict(frozen=True)

    model: Annotated[str, Field(pattern=SLUG, max_length=128)]
    messages: Annotated[list[Message], Field(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    stop: Annotated[
        list[Annotated[str, Field(min_length=1)]] | None,
        BeforeValidator(read_stops),
        Field(max_length=MAX_STOPS),
    ] = None
    n: Literal[1] | None = None
    tools: Annotated[list[Any], Field(max_length=0)] | None = None
    chat_id: Annotated[str, Field(min_length=1, max_length=128)] | None = None

    @field_validator("chat_id")
    @classmethod
    def _is_storable(cls, chat_id: str | None) -> str | None:
        if chat_id is not None and "\x00" in chat_id:
            raise ValueError(NO_NUL)
        return chat_id

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not any(message.role == "user" for message in self.messages):
            raise ValueError("messages: at least one message must have the role user")
        return self

    @property
    def includes_usage(self) -> bool:
        """Tell whether a stream ends with a usage chunk."""
        return self.stream_options is not None and self.stream_options.include_usage


def build_request(body: ChatBody, caller: model.Caller) -> model.Request:
    """Turn a body into what `conversations` understands: the last user message is the question."""
    spoken = [message for message in body.messages if message.role not in SYSTEM_ROLES]
    last = max(at for at, message in enumerate(spoken) if message.role == "user")
    sampling = gateway.Sampling(
        temperature=body.temperature,
        top_p=body.top_p,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        stop=body.stop,
    )
    return model.Request(
        slug=body.model,
        caller=caller,
        chat_id=body.chat_id,
        text=spoken[last].content.text,
        images=spoken[last].content.images,
        earlier=[message.spoken for message in spoken[:last]],
        instructions=[
            message.content.text for message in body.messages if message.role in SYSTEM_ROLES
        ],
        sampling=sampling,
        stream=body.stream,
    )

"""What an agent is, and which input about one is valid."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

OPENAI = "openai"  # the built-in provider, used with the agent's own key
OPENAI_SECRET = "openai_api_key"  # noqa: S105  the name of a secret
MAX_PROMPT = 32_768
MAX_SECRET_BYTES = 8192

# Key and title of every prompt section, in the order of the prompt.
SECTIONS: Mapping[str, str] = {
    "01-identity": "Identity",
    "02-soul": "Soul",
    "03-tooling": "Tooling",
    "04-safety": "Safety",
    "05-skills": "Skills",
    "06-memory": "Memory",
    "07-user-identity": "User Identity",
    "08-datetime": "Datetime",
}
SectionKey = Literal[
    "01-identity",
    "02-soul",
    "03-tooling",
    "04-safety",
    "05-skills",
    "06-memory",
    "07-user-identity",
    "08-datetime",
]


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    return text


STORABLE = AfterValidator(_storable)  # PostgreSQL's text cannot hold NUL
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$", max_length=100)]
Name = Annotated[str, STORABLE, Field(min_length=1, max_length=255)]
Description = Annotated[str, STORABLE, Field(max_length=2000)]
ProviderName = Annotated[str, STORABLE, Field(min_length=1, max_length=63)]
ModelName = Annotated[str, STORABLE, Field(min_length=1, max_length=200)]
SecretKey = Annotated[str, Field(pattern=r"^[a-z0-9_]+$", max_length=64)]


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallationModel:
    """A model provider configured for the whole installation."""

    name: str
    base_url: str | None
    api_key: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Agent:
    """One agent as people see it."""

    id: uuid.UUID
    slug: str
    name: str
    description: str | None
    status: Literal["active", "inactive"]
    provider: str | None
    model: str | None
    auth_enabled: bool
    has_api_key: bool
    memory_enabled: bool
    knowledge_enabled: bool
    created_at: datetime
    updated_at: datetime


class Input(BaseModel):
    """The shared strictness of request bodies."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        str_strip_whitespace=True,
    )


class NewAgent(Input):
    """The body that creates an agent."""

    slug: Slug
    name: Name
    description: Description | None = None
    provider: ProviderName | None = None
    model: ModelName | None = None


class AgentChange(Input):
    """The body that changes an agent; what is absent stays."""

    name: Name | None = None
    description: Description | None = None
    status: Literal["active", "inactive"] | None = None
    provider: ProviderName | None = None
    model: ModelName | None = None
    auth_enabled: bool | None = None
    memory_enabled: bool | None = None
    knowledge_enabled: bool | None = None


class SectionText(Input):
    """One prompt section; its text is kept exactly as written."""

    model_config = ConfigDict(str_strip_whitespace=False)

    key: SectionKey
    content: Annotated[str, STORABLE, Field(max_length=MAX_PROMPT)]


class PromptChange(Input):
    """The body that changes prompt sections."""

    sections: Annotated[list[SectionText], Field(min_length=1, max_length=len(SECTIONS))]


class SecretText(Input):
    """One secret."""

    key: SecretKey
    value: Annotated[str, Field(min_length=1, max_length=MAX_SECRET_BYTES, repr=False)]


class SecretChange(Input):
    """The body that sets secrets."""

    secrets: Annotated[list[SecretText], Field(min_length=1, max_length=64)]


def default_sections(name: str) -> Mapping[str, str]:
    """Return the prompt of a new agent: short, and true."""
    return {
        "01-identity": f"You are {name}, a helpful assistant.",
        "08-datetime": "Now: {{datetime}} ({{timezone}}).",
    }

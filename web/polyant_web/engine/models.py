"""What the engine tells the panel, as frozen models. Unknown fields are ignored."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class View(BaseModel):
    """Base of all of them: camelCase on the wire, frozen here."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )


class User(View):
    """A person who may sign in."""

    id: str
    email: str
    name: str | None = None
    role: str
    must_change_password: bool = False

    @property
    def label(self) -> str:
        """What to call the person."""
        return self.name or self.email


class SignIn(View):
    """The outcome of checking who somebody is."""

    user: User | None
    session_token: str | None = None
    reason: str | None = None  # why somebody whom Google vouches for does not come in


class Status(StrEnum):
    """Whether an agent answers."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class Agent(View):
    """One configured assistant."""

    id: str
    slug: str
    name: str
    description: str | None = None
    status: Status
    provider: str | None = None
    model: str | None = None
    auth_enabled: bool = True
    has_api_key: bool = False
    created_at: datetime
    updated_at: datetime


class Provider(View):
    """A model provider an agent may use."""

    name: str
    provider: str
    source: str
    models: tuple[str, ...] = ()


class PromptSection(View):
    """One part of what an agent is told about itself."""

    key: str
    title: str
    content: str


def agents(document: Mapping[str, Any]) -> tuple[Agent, ...]:
    """Read a list of agents, in the order people look for them."""
    found = (Agent.model_validate(entry) for entry in document["instances"])
    return tuple(sorted(found, key=lambda agent: (agent.name.casefold(), agent.slug)))


def providers(document: Mapping[str, Any]) -> tuple[Provider, ...]:
    """Read the providers, sorted by name."""
    entries = sorted(document["providers"].items())
    return tuple(Provider.model_validate({"name": name, **entry}) for name, entry in entries)


def prompts(document: Mapping[str, Any]) -> tuple[PromptSection, ...]:
    """Read the prompt sections, in the order of the prompt."""
    return tuple(PromptSection.model_validate(entry) for entry in document["prompts"])


def secret_names(document: Mapping[str, Any]) -> frozenset[str]:
    """Read which secrets an agent has; values are never shown."""
    return frozenset(str(entry["key"]) for entry in document["secrets"] if entry["configured"])

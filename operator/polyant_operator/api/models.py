"""Model providers every agent of the installation may use."""

from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model, matching
from polyant_operator.api.references import ApiKeyRef

BaseUrl = Annotated[
    str,
    Field(min_length=1, max_length=512),
    matching(
        r"https?://[^\s/?#@]+(/[^\s?#]*)?",
        "is not a base URL",
        "write for example https://api.example.com/v1, without user, query or fragment",
    ),
]


class Provider(StrEnum):
    """The protocol a model speaks."""

    OPENAI = "openai"


class ModelProvider(Model):
    """One provider: a name agents choose it by, and how to reach it."""

    name: Annotated[
        str,
        Field(min_length=1, max_length=40),
        matching(
            r"[a-z]([-a-z0-9]*[a-z0-9])?",
            "is not a model name",
            "use lower-case letters, digits and '-', starting with a letter",
        ),
    ]
    provider: Provider
    base_url: BaseUrl | None = None
    api_key_secret_ref: ApiKeyRef | None = None

    @property
    def key_variable(self) -> str:
        """Name the variable the engine reads this provider's key from."""
        return f"MODEL_API_KEY_{self.name.upper().replace('-', '_')}"

    @property
    def host(self) -> str | None:
        """Name the host, with its port if one is written, that calls go to."""
        return urlsplit(self.base_url).netloc if self.base_url is not None else None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.base_url is None and self.api_key_secret_ref is None:
            raise refusal(
                f"model '{self.name}' has neither baseUrl nor apiKeySecretRef",
                "the provider's own address asks for a key: set apiKeySecretRef, or baseUrl",
            )
        return self

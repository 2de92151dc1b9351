"""Which server an agent's `provider` means.

An installation model wins over the built-in `openai`, which needs the agent's own key.
"""

from collections.abc import Iterable
from typing import ClassVar

from polyant_engine.agents.model import OPENAI, InstallationModel
from polyant_engine.core import errors
from polyant_engine.gateway import ports

OPENAI_URL = "https://api.openai.com/v1"


class ModelNotConfigured(errors.Unavailable):
    """An agent has no usable model yet."""

    default_code: ClassVar[str | None] = "model_not_configured"


class Providers:
    """The providers this installation knows."""

    def __init__(self, installed: Iterable[InstallationModel]) -> None:
        self._installed = {model.name: model for model in installed}

    def needs_own_key(self, provider: str | None) -> bool:
        """Tell whether the key must come from the agent's secrets."""
        return provider == OPENAI and OPENAI not in self._installed

    def resolve(self, provider: str | None, model: str | None, own_key: str | None) -> ports.Target:
        """Return the target of an agent, or say what its administrator has to do."""
        if not provider or not model:
            raise ModelNotConfigured("This agent has no model yet: set its provider and model.")
        found = self._installed.get(provider)
        if found is not None:
            url = (found.base_url or OPENAI_URL).rstrip("/")
            return ports.Target(provider=provider, base_url=url, model=model, api_key=found.api_key)
        if provider != OPENAI:
            raise ModelNotConfigured(f"This installation has no model named {provider} any more.")
        if own_key is None:
            raise ModelNotConfigured(
                "This agent has no provider key: set the secret openai_api_key."
            )
        return ports.Target(provider=OPENAI, base_url=OPENAI_URL, model=model, api_key=own_key)

"""Which server an agent's provider means."""

import pytest

from polyant_engine.agents.model import InstallationModel
from polyant_engine.gateway.providers import OPENAI_URL, ModelNotConfigured, Providers

MAIN = InstallationModel(name="main", base_url="http://vllm/v1/", api_key="k")


def test_an_installation_model_is_found_by_its_name() -> None:
    target = Providers([MAIN]).resolve("main", "llama", "own")

    assert (target.base_url, target.model, target.api_key) == ("http://vllm/v1", "llama", "k")


def test_the_built_in_provider_uses_the_agents_own_key() -> None:
    providers = Providers([MAIN])

    assert providers.needs_own_key("openai")
    assert not providers.needs_own_key("main")
    target = providers.resolve("openai", "gpt-4o", "own")
    assert (target.base_url, target.api_key) == (OPENAI_URL, "own")


def test_an_installation_model_named_openai_wins() -> None:
    providers = Providers([InstallationModel(name="openai", base_url=None, api_key="ours")])

    assert not providers.needs_own_key("openai")
    assert providers.resolve("openai", "gpt-4o", None).api_key == "ours"


@pytest.mark.parametrize(
    ("provider", "model", "part"),
    [
        (None, "m", "has no model yet"),
        ("main", None, "has no model yet"),
        ("gone", "m", "no model named gone"),
        ("openai", "gpt-4o", "openai_api_key"),
    ],
)
def test_what_is_missing_is_said(provider: str | None, model: str | None, part: str) -> None:
    with pytest.raises(ModelNotConfigured, match=part):
        Providers([MAIN]).resolve(provider, model, None)

"""What may be done with agents."""

from collections.abc import Mapping, Sequence

from pydantic.alias_generators import to_camel

from polyant_engine.agents import model
from polyant_engine.agents.ports import Actor, AgentStore, SealedSecret
from polyant_engine.core import errors, ids
from polyant_engine.core.hashing import TokenHasher
from polyant_engine.vault.model import Purpose
from polyant_engine.vault.service import Vault


class Agents:
    """Agents with their prompts, secrets and keys."""

    def __init__(
        self,
        store: AgentStore,
        vault: Vault,
        hasher: TokenHasher,
        models: Sequence[model.InstallationModel],
    ) -> None:
        self._store = store
        self._vault = vault
        self._hasher = hasher
        self._models = tuple(models)

    @property
    def providers(self) -> tuple[str, ...]:
        """Return the names that an agent's provider may have."""
        return tuple(dict.fromkeys((*(entry.name for entry in self._models), model.OPENAI)))

    @property
    def installation_models(self) -> tuple[model.InstallationModel, ...]:
        """Return the providers configured for the whole installation."""
        return self._models

    async def all(self) -> Sequence[model.Agent]:
        """Return every agent."""
        return await self._store.all()

    async def by_slug(self, slug: str) -> model.Agent:
        """Return an agent."""
        return await self._store.by_slug(slug)

    async def create(self, new: model.NewAgent, actor: Actor) -> model.Agent:
        """Create an agent, closed to the outside until it has a key."""
        self._check_provider(new.provider)
        return await self._store.create(new.model_dump(), model.default_sections(new.name), actor)

    async def change(self, slug: str, change: model.AgentChange, actor: Actor) -> model.Agent:
        """Change what the body names."""
        changes = change.model_dump(exclude_unset=True)
        kept = ("name", "status", "auth_enabled", "memory_enabled", "knowledge_enabled")
        wrong = [name for name in kept if name in changes and changes[name] is None]
        if wrong:
            names = ", ".join(to_camel(name) for name in wrong)
            raise errors.BadRequest(f"{names}: must not be null", param=wrong[0])
        self._check_provider(changes.get("provider"))
        return await self._store.change(slug, changes, actor)

    def _check_provider(self, provider: str | None) -> None:
        if provider is not None and provider not in self.providers:
            known = ", ".join(self.providers)
            raise errors.BadRequest(
                f"provider: {provider!r} is not configured; choose one of: {known}.",
                param="provider",
                code="unknown_provider",
            )

    async def delete(self, slug: str, actor: Actor) -> None:
        """Delete an agent; a new one may take its slug and inherits nothing."""
        await self._store.delete(slug, actor)

    async def sections(self, slug: str) -> Mapping[str, str]:
        """Return every prompt section, empty ones too."""
        found = await self._store.sections(slug)
        return {key: found.get(key, "") for key in model.SECTIONS}

    async def set_sections(
        self, slug: str, change: model.PromptChange, actor: Actor
    ) -> Mapping[str, str]:
        """Replace some prompt sections and return all."""
        texts: dict[str, str] = {item.key: item.content for item in change.sections}
        await self._store.set_sections(slug, texts, actor)
        return await self.sections(slug)

    async def secret_keys(self, slug: str) -> Sequence[str]:
        """Return the names of an agent's secrets; their values never leave."""
        return [secret.key for secret in await self._store.secrets(slug)]

    async def set_secrets(
        self, slug: str, change: model.SecretChange, actor: Actor
    ) -> Sequence[str]:
        """Store secrets and return the names of all."""
        texts = {secret.key: secret.value for secret in change.secrets}
        sealed = [await self._sealed(key, value) for key, value in texts.items()]
        await self._store.set_secrets(slug, sealed, actor)
        return await self.secret_keys(slug)

    async def _sealed(self, key: str, value: str) -> SealedSecret:
        row_id = ids.new_id()
        sealed = await self._vault.seal(Purpose.AGENT_SECRET, row_id, value)
        return SealedSecret(row_id=row_id, key=key, sealed=sealed)

    async def delete_secret(self, slug: str, key: str, actor: Actor) -> None:
        """Delete a secret."""
        await self._store.delete_secret(slug, key, actor)

    async def make_key(self, slug: str, actor: Actor) -> str:
        """Make a new API key; the one before it ends at once. Only its hash is kept."""
        token = ids.new_token(ids.AGENT_KEY_PREFIX)
        await self._store.set_key(slug, self._hasher.digest(token), actor)
        return token

    async def remove_key(self, slug: str, actor: Actor) -> None:
        """End the API key."""
        await self._store.set_key(slug, None, actor)

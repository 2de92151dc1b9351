"""Channels as an administrator configures them: what is given, kept, shown.

A channel is configured by one object of settings and secrets. Secrets go into the vault, bound to
the row; what is shown has a mask in their place, and a mask that is given back keeps what is stored.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from polyant_engine.agents.ports import Actor
from polyant_engine.channels.adapters import LOCKED
from polyant_engine.channels.model import Json, Kind, Live, LiveState
from polyant_engine.channels.ports import Vendor
from polyant_engine.core import errors, ids
from polyant_engine.vault.model import Purpose, Sealed

MASK = "••••"
MAX_VALUE = 8192  # characters of a secret
LEADERLESS = "No engine leads now; channels begin when one does."


class ChannelChange(BaseModel):
    """What a body may say; what it leaves out stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: dict[str, Any] | None = None
    enabled: bool | None = None


class ChannelMissing(errors.NotFound):
    """The agent has no such channel."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"This agent has no channel {kind!r}.")


class AccountTaken(errors.Conflict):
    """Two channels of one account would take each other's messages."""

    default_code: ClassVar[str | None] = "account_taken"

    def __init__(self, kind: Kind, name: str, slug: str) -> None:
        super().__init__(
            f"The agent {slug!r} uses this {kind.value} account ({name}) already: switch its channel"
            " off, or give this one credentials of its own."
        )


class ChangedMeanwhile(errors.Conflict):
    """Somebody else changed the channel between our reading and writing."""

    default_code: ClassVar[str | None] = "changed_meanwhile"

    def __init__(self) -> None:
        super().__init__("Somebody else changed this channel just now: look at it and try again.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A channel as it is in the database."""

    id: uuid.UUID
    agent_id: uuid.UUID
    kind: Kind
    account: str
    enabled: bool
    version: int  # 0: it is new
    settings: Json
    sealed: Sealed | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A channel, and how it is now."""

    stored: Stored
    live: Live | None  # nothing: it was not told yet
    is_led: bool  # whether who told it leads still
    told_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A channel as people see it."""

    kind: Kind
    account: str
    enabled: bool
    config: Json  # secrets masked
    live: Live | None  # nothing: it is switched off
    told_at: datetime | None
    updated_at: datetime


class Store(Protocol):
    """Keeps configurations. Methods raise `AgentMissing` for an agent that is gone."""

    async def of(self, slug: str) -> tuple[uuid.UUID, Sequence[Found]]:
        """Return an agent and its channels."""
        ...

    async def save(self, channel: Stored, actor: Actor) -> None:
        """Store a new channel (version 0) or the next version; `AccountTaken`, `ChangedMeanwhile`."""
        ...

    async def delete(self, slug: str, kind: Kind, actor: Actor) -> bool:
        """Delete a channel with what waits to be sent; tell whether there was one."""
        ...


class Box(Protocol):
    """Seals and opens secrets; the vault does."""

    async def seal(self, purpose: Purpose, row_id: uuid.UUID, value: str) -> Sealed:
        """Encrypt a secret for its row."""
        ...

    def open(self, purpose: Purpose, row_id: uuid.UUID, sealed: Sealed) -> str:
        """Decrypt the secret of a row."""
        ...


class Configuring:
    """What may be done with the configuration of channels."""

    def __init__(
        self,
        store: Store,
        box: Box,
        vendors: Mapping[Kind, Vendor],
        secret_names: Mapping[Kind, frozenset[str]],
    ) -> None:
        self._store = store
        self._box = box
        self._vendors = vendors
        self._secret_names = secret_names

    async def all(self, slug: str) -> Sequence[Shown]:
        """Return the channels of an agent."""
        _, found = await self._store.of(slug)
        return [self._shown(each) for each in found]

    async def put(self, slug: str, name: str, change: ChannelChange, actor: Actor) -> Shown:
        """Create or change a channel and return it."""
        kind = self._kind(name)
        agent_id, found = await self._store.of(slug)
        before = next((each.stored for each in found if each.stored.kind is kind), None)
        if change.config is not None:
            channel = await self._configured(kind, agent_id, before, change)
        elif before is not None:
            enabled = before.enabled if change.enabled is None else change.enabled
            channel = _changed(before, enabled=enabled)
        else:
            raise errors.BadRequest("config is missing: a new channel needs one.", param="config")
        await self._store.save(channel, actor)
        _, found = await self._store.of(slug)
        shown = next((each for each in found if each.stored.kind is kind), None)
        if shown is None:
            raise ChannelMissing(kind)
        return self._shown(shown)

    async def delete(self, slug: str, name: str, actor: Actor) -> None:
        """Delete a channel."""
        if not await self._store.delete(slug, self._kind(name), actor):
            raise ChannelMissing(name)

    def _kind(self, name: str) -> Kind:
        if name not in set(self._vendors):
            known = ", ".join(sorted(self._vendors))
            raise errors.NotFound(f"There is no channel {name!r}; it can be one of {known}.")
        return Kind(name)

    async def _configured(
        self, kind: Kind, agent_id: uuid.UUID, before: Stored | None, change: ChannelChange
    ) -> Stored:
        settings, secrets = self._split(kind, before, change.config or {})
        account = self._vendors[kind].account_name(settings, secrets)
        channel_id = ids.new_id() if before is None else before.id
        sealed = None
        if secrets:
            text = json.dumps(secrets)
            sealed = await self._box.seal(Purpose.CHANNEL_CONFIG, channel_id, text)
        enabled = change.enabled
        if enabled is None:
            enabled = before is None or before.enabled
        return Stored(
            id=channel_id,
            agent_id=agent_id,
            kind=kind,
            account=account,
            enabled=enabled,
            version=0 if before is None else before.version,
            settings=settings,
            sealed=sealed,
        )

    def _split(
        self, kind: Kind, before: Stored | None, config: Json
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Tell secrets from settings; masks stand for what is stored."""
        names = self._secret_names[kind]
        settings, secrets = {}, {}
        kept: Mapping[str, str] | None = None
        for name, value in config.items():
            if name not in names:
                settings[name] = value
            elif not isinstance(value, str) or len(value) > MAX_VALUE:
                raise errors.BadRequest(
                    f"{name} must be a text of at most {MAX_VALUE} characters.", param=name
                )
            elif value.startswith(MASK):
                kept = self._open(before) if kept is None else kept
                if name not in kept:
                    raise errors.BadRequest(f"{name} is masked, but none is stored.", param=name)
                secrets[name] = kept[name]
            elif value.strip():
                secrets[name] = value.strip()
        if "\\u0000" in json.dumps([settings, secrets]):
            raise errors.BadRequest("config must not contain the character U+0000.", param="config")
        return settings, secrets

    def _open(self, stored: Stored | None) -> Mapping[str, str]:
        if stored is None or stored.sealed is None:
            return {}
        opened = self._box.open(Purpose.CHANNEL_CONFIG, stored.id, stored.sealed)
        found: dict[str, str] = json.loads(opened)
        return found

    def _shown(self, found: Found) -> Shown:
        stored, live = found.stored, _live(found)
        masks: dict[str, str] = {}
        try:
            masks = dict.fromkeys(self._open(stored), MASK)
        except errors.PolyantError:
            live = Live(state=LiveState.FAILED, reason=LOCKED)
        return Shown(
            kind=stored.kind,
            account=stored.account,
            enabled=stored.enabled,
            config={**stored.settings, **masks},
            live=live if stored.enabled else None,
            told_at=found.told_at,
            updated_at=found.updated_at,
        )


def _live(found: Found) -> Live:
    """Believe what was told by whoever leads now."""
    if not found.is_led:
        return Live(state=LiveState.STARTING, reason=LEADERLESS)
    return found.live or Live(state=LiveState.STARTING)


def _changed(stored: Stored, *, enabled: bool) -> Stored:
    return Stored(
        id=stored.id,
        agent_id=stored.agent_id,
        kind=stored.kind,
        account=stored.account,
        enabled=enabled,
        version=stored.version,
        settings=stored.settings,
        sealed=stored.sealed,
    )

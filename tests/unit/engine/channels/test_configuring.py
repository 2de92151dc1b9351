"""What administrators configure is checked, kept in the vault, and shown with masks."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from polyant_engine.agents.ports import Actor
from polyant_engine.channels import adapters
from polyant_engine.channels.configuring import (
    LEADERLESS,
    MASK,
    ChannelChange,
    ChannelMissing,
    Configuring,
    Found,
    Stored,
)
from polyant_engine.channels.model import Kind, Live, LiveState
from polyant_engine.channels.telegram.vendor import TelegramVendor
from polyant_engine.core import egress
from polyant_engine.core.clock import SystemClock
from polyant_engine.core.errors import BadRequest, NotFound
from polyant_engine.vault.model import Purpose, Sealed
from polyant_engine.vault.service import KeyMissing

ACTOR = Actor(user_id=uuid.UUID(int=1), client_address="")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TOKEN = "7:" + "A" * 35


@dataclass
class MemoryConfigured:
    """One agent's channels."""

    agent: uuid.UUID = field(default_factory=uuid.uuid4)
    channels: dict[Kind, Stored] = field(default_factory=dict)
    live: Live | None = None
    is_led: bool = True

    async def of(self, slug: str) -> tuple[uuid.UUID, Sequence[Found]]:
        del slug
        found = [
            Found(stored=each, live=self.live, is_led=self.is_led, told_at=None, updated_at=NOW)
            for each in self.channels.values()
        ]
        return self.agent, found

    async def save(self, channel: Stored, actor: Actor) -> None:
        assert actor is ACTOR
        self.channels[channel.kind] = replace(channel, version=channel.version + 1)

    async def delete(self, slug: str, kind: Kind, actor: Actor) -> bool:
        del slug, actor
        return self.channels.pop(kind, None) is not None


@dataclass
class Glass:
    """A vault that one can look into."""

    is_locked: bool = False

    async def seal(self, purpose: Purpose, row_id: uuid.UUID, value: str) -> Sealed:
        assert purpose is Purpose.CHANNEL_CONFIG
        return Sealed(key_id=row_id.hex[:16], box=value.encode())

    def open(self, purpose: Purpose, row_id: uuid.UUID, sealed: Sealed) -> str:
        assert purpose is Purpose.CHANNEL_CONFIG
        assert sealed.key_id == row_id.hex[:16]
        if self.is_locked:
            raise KeyMissing("no key")
        return sealed.box.decode()


@dataclass
class World:
    store: MemoryConfigured
    box: Glass
    configuring: Configuring

    async def put(self, **body: object) -> object:
        change = ChannelChange.model_validate(body)
        return (await self.configuring.put("helper", "telegram", change, ACTOR)).config

    @property
    def stored(self) -> Stored:
        return self.store.channels[Kind.TELEGRAM]


@pytest.fixture
async def world() -> World:
    async with egress.opened(()) as outside:
        vendors = {Kind.TELEGRAM: TelegramVendor(outside, SystemClock())}
    store, box = MemoryConfigured(), Glass()
    names = {Kind.TELEGRAM: frozenset({"botToken"})}
    return World(store, box, Configuring(store, box, vendors, names))


async def test_secrets_are_sealed_and_masked(world: World) -> None:
    shown = await world.put(config={"botToken": f" {TOKEN}\n", "groups": "all"})

    assert shown == {"botToken": MASK, "groups": "all"}
    assert world.stored.settings == {"groups": "all"}
    assert world.stored.sealed is not None
    assert world.stored.sealed.box == f'{{"botToken": "{TOKEN}"}}'.encode()
    assert (world.stored.account, world.stored.enabled) == ("7", True)


async def test_a_mask_keeps_what_is_stored_and_settings_are_replaced(world: World) -> None:
    await world.put(config={"botToken": TOKEN, "groups": "all"})
    before = world.stored

    await world.put(config={"botToken": MASK + "AAAA", "allowedUserIds": "1,2"})

    assert world.stored.id == before.id
    assert world.stored.sealed == before.sealed
    assert world.stored.settings == {"allowedUserIds": "1,2"}
    assert world.stored.version == 2


async def test_switching_off_needs_no_configuration_and_opens_no_secret(world: World) -> None:
    await world.put(config={"botToken": TOKEN})
    world.box.is_locked = True

    await world.put(enabled=False)

    assert not world.stored.enabled
    [shown] = await world.configuring.all("helper")
    assert shown.live is None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "config is missing"),
        ({"enabled": True}, "config is missing"),
        ({"config": {}}, "botToken is missing"),
        ({"config": {"botToken": "x"}}, "no token"),
        ({"config": {"botToken": MASK}}, "masked"),
        ({"config": {"botToken": 5}}, "a text"),
        ({"config": {"botToken": TOKEN, "groups": "some"}}, "groups"),
        ({"config": {"botToken": TOKEN, "note": {"a": ["\x00"]}}}, "U+0000"),
    ],
)
async def test_what_cannot_be_right_is_refused(
    world: World, body: dict[str, object], says: str
) -> None:
    with pytest.raises(BadRequest, match=says.replace("+", r"\+")):
        await world.put(**body)

    assert world.store.channels == {}


async def test_a_kind_that_nobody_knows_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="one of telegram"):
        await world.configuring.put("helper", "pigeon", ChannelChange(), ACTOR)


async def test_what_an_old_leader_told_is_not_believed(world: World) -> None:
    await world.put(config={"botToken": TOKEN})
    world.store.live = Live(state=LiveState.RUNNING)
    world.store.is_led = False

    [shown] = await world.configuring.all("helper")

    assert shown.live == Live(state=LiveState.STARTING, reason=LEADERLESS)


async def test_secrets_of_a_lost_key_are_said_to_be_lost(world: World) -> None:
    await world.put(config={"botToken": TOKEN})
    world.box.is_locked = True

    [shown] = await world.configuring.all("helper")

    assert shown.config == {}
    assert shown.live == Live(state=LiveState.FAILED, reason=adapters.LOCKED)


async def test_what_is_not_there_cannot_be_deleted(world: World) -> None:
    await world.put(config={"botToken": TOKEN})
    await world.configuring.delete("helper", "telegram", ACTOR)

    with pytest.raises(ChannelMissing):
        await world.configuring.delete("helper", "telegram", ACTOR)
